package dynamicvalue

// Merge applies a patch to a value as RFC 7396 says: the members of objects are merged, null
// removes a member, and all else replaces what was there, lists as a whole. A map is an object.
// What stays keeps its Terraform type and its digits.
//
// The result is unknown where the patch is, and where the patch merges into an
// unknown part of the value. Such a part has no type, since the merge adds to it.
func Merge(value, patch Value) Value {
	patched, isObject := patch.Members()
	switch {
	case !patch.IsKnown(), isObject && !value.IsKnown():
		return Unknown
	case !isObject:
		return patch
	}
	members, ok := value.Members()
	switch {
	case !ok:
		members = map[string]Value{}
	case len(patched) == 0:
		return value
	}
	for name, member := range patched {
		if member.Kind() == KindNull {
			delete(members, name)
			continue
		}
		before, ok := members[name]
		if !ok {
			before = Null
		}
		members[name] = Merge(before, member)
	}
	return Object(members)
}
