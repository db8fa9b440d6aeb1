variable "quiva_api_key" {
  description = "API key for the Quiva Gateway. If it is not set, the environment's credential is used."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true # keeps it out of saved plans
}

provider "quiva" {
  api_key         = var.quiva_api_key
  request_timeout = "10s"
  max_retries     = 3
}
