variable "bucket" {
  description = "Bucket that holds the flags. It must exist."
  type        = string
  default     = "feature-flags"
}

variable "flags" {
  description = "Flags by name. `rollout` is a percentage."
  type = map(object({
    enabled = optional(bool, true)
    rollout = optional(number, 100)
    owner   = optional(string)
  }))
  default = {
    checkout = { rollout = 25, owner = "team-payments" }
    search   = { enabled = false }
  }

  validation {
    condition     = alltrue([for name in keys(var.flags) : can(regex("^[a-z][a-z0-9-]*$", name))])
    error_message = "A flag's name begins with a lower-case letter and consists of lower-case letters, digits and hyphens."
  }

  validation {
    condition     = alltrue([for flag in var.flags : contains(range(101), flag.rollout)])
    error_message = "The rollout is a whole percentage from 0 to 100."
  }
}
