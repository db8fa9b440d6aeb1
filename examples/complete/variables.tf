variable "prefix" {
  description = "Begins the names of the buckets that are created."
  type        = string
  default     = "shop"
}

variable "environment" {
  description = "Whose flags these are: production or staging."
  type        = string
  default     = "production"

  validation {
    condition     = contains(["production", "staging"], var.environment)
    error_message = "The environment is production or staging."
  }
}

variable "vault_bucket" {
  description = "Bucket that the secrets are read from. It must exist and is not changed."
  type        = string
  default     = "vault"
}

variable "payment_key_version" {
  description = "Raised after the payment provider's key was changed in the vault, so that it is copied again."
  type        = number
  default     = 1
}

variable "preview_quota" {
  description = "How many requests an hour preview environments may send together."
  type        = number
  default     = 1000
}
