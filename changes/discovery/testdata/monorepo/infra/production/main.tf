terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

module "network" {
  source = "../modules/network"
  cidr   = "10.0.0.0/16"
}

module "billing" {
  source  = "../modules/service" # one each
  network = module.network.id
}

module "bucket" {
  source  = "terraform-aws-modules/s3-bucket/aws"
  version = "~> 4.0"
}
