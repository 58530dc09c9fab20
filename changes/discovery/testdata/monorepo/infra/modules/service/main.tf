module "logs" {
  source = "./logs"
}

variable "network" {}
