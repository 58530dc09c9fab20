variable "environment" {
  description = "Name of the environment, such as automation-master"
  type        = string
}

variable "region" {
  description = "Region of the environment"
  type        = string
  default     = "us-east-1"
}

variable "alarm_topic_arn" {
  description = "SNS topic that hears of alarms"
  type        = string
}
