variable "bucket" {
  description = "Bucket that holds the flags. It must exist."
  type        = string
  default     = "feature-flags"
}
