//! Queues: each with its dead letters, and an alarm on them.

use providers::queue::Queue;

use super::logical_id;

/// Fourteen days, the longest that the service keeps a message: time for people to look.
const DEAD_LETTER_RETENTION_SECS: u32 = 14 * 24 * 3_600;

/// Every queue.
pub(super) fn resources() -> String {
    Queue::ALL.iter().map(|queue| resource(*queue)).collect()
}

/// A queue's name inside the template.
pub(super) fn id(queue: Queue) -> String {
    format!("{}Queue", logical_id(queue.name()))
}

/// The name of its dead letters inside the template.
pub(super) fn dead_id(queue: Queue) -> String {
    format!("{}DeadQueue", logical_id(queue.name()))
}

fn resource(queue: Queue) -> String {
    let (id, dead_id, alarm_id) = (id(queue), dead_id(queue), format!("{}DeadAlarm", logical_id(queue.name())));
    let (name, dead_name) = (queue.name(), queue.dead_letters());
    let (visibility, retention, receives) = (Queue::VISIBILITY_SECS, Queue::RETENTION_SECS, Queue::MAX_RECEIVES);
    format!(
        "
  {id}:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub \"${{AWS::StackName}}-{name}\"
      VisibilityTimeout: {visibility}
      MessageRetentionPeriod: {retention}
      SqsManagedSseEnabled: true
      RedrivePolicy: {{ deadLetterTargetArn: !GetAtt {dead_id}.Arn, maxReceiveCount: {receives} }}
  {dead_id}:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub \"${{AWS::StackName}}-{dead_name}\"
      MessageRetentionPeriod: {DEAD_LETTER_RETENTION_SECS}
      SqsManagedSseEnabled: true
  {alarm_id}:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: Messages of {name} could not be dealt with.
      Namespace: AWS/SQS
      MetricName: ApproximateNumberOfMessagesVisible
      Dimensions: [{{ Name: QueueName, Value: !GetAtt {dead_id}.QueueName }}]
      Statistic: Maximum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching
      AlarmActions: [!Ref Alarms]
"
    )
}
