resource "aws_cloudwatch_log_metric_filter" "velocloud_errors" {
  name           = "${var.environment}-velocloud-errors"
  log_group_name = aws_cloudwatch_log_group.services.name
  pattern        = "{ $.service = \"velocloud-bridge\" && $.status >= 500 }"

  metric_transformation {
    name      = "VelocloudErrors"
    namespace = var.environment
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "velocloud_errors" {
  alarm_name          = "${var.environment}-velocloud-errors"
  alarm_description   = "The VeloCloud orchestrator fails"
  namespace           = var.environment
  metric_name         = "VelocloudErrors"
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  period              = 60
  evaluation_periods  = 1
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarm_topic_arn]
}
