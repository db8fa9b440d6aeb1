package main

// turn is one of the runs that are compared with each other.
type turn func() (cost, error)

// inTurn runs all of them one after the other, and that rounds times over, so
// that whatever else the machine does meets all alike. It returns the typical
// cost of each: the median of times, and the largest of what must never be more.
func inTurn(rounds int, turns ...turn) ([]cost, error) {
	spent := make([][]cost, len(turns))
	for range rounds {
		for i, run := range turns {
			once, err := run()
			if err != nil {
				return nil, err
			}
			spent[i] = append(spent[i], once)
		}
	}
	typical := make([]cost, len(turns))
	for i := range turns {
		typical[i] = typicalCost(spent[i])
	}
	return typical, nil
}

func typicalCost(costs []cost) cost {
	var walls, cpus []float64
	var typical cost
	for _, one := range costs {
		walls, cpus = append(walls, one.wall), append(cpus, one.cpu)
		typical.memory = max(typical.memory, one.memory)
		typical.requests = max(typical.requests, one.requests)
		typical.puts = max(typical.puts, one.puts)
		typical.connections = max(typical.connections, one.connections)
	}
	typical.wall, typical.cpu = median(walls), median(cpus)
	return typical
}
