resource "aws_cloudwatch_log_group" "services" {
  name              = "/${var.environment}/services"
  retention_in_days = 30
}
