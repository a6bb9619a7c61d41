//! Queues: each with its dead letters, and alarms on these.

use providers::queue::Queue;

use super::logical_id;

/// Fourteen days, the longest that the service keeps a message: time for people to look.
const DEAD_LETTER_RETENTION_SECS: u32 = 14 * 24 * 3_600;

/// The most metrics that one alarm may watch (`CloudWatch`'s quotas). An alarm for each queue would take a resource of the stack for
/// each, of which it has few left; the name of the queue that is not empty is seen at a glance.
const METRICS_OF_AN_ALARM: usize = 10;

/// Every queue, and the alarms on dead letters.
pub(super) fn resources() -> String {
    let queues = Queue::ALL.iter().map(|queue| resource(*queue));
    let alarms = (1..).zip(Queue::ALL.chunks(METRICS_OF_AN_ALARM)).map(|(number, queues)| alarm(number, queues));
    queues.chain(alarms).collect()
}

fn alarm(number: usize, queues: &[Queue]) -> String {
    let metric = |queue: &Queue| {
        let (name, dead_id) = (queue.name().replace('-', "_"), dead_id(*queue));
        format!(
            "        - Id: {name}
          ReturnData: false
          MetricStat:
            Stat: Maximum
            Period: 60
            Metric:
              Namespace: AWS/SQS
              MetricName: ApproximateNumberOfMessagesVisible
              Dimensions: [{{ Name: QueueName, Value: !GetAtt {dead_id}.QueueName }}]
"
        )
    };
    let metrics: String = queues.iter().map(metric).collect();
    format!(
        "
  DeadLetters{number}Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: Messages of a queue could not be dealt with.
      Metrics:
        - {{ Id: dead, Expression: MAX(METRICS()), Label: dead letters of a queue }}
{metrics}      EvaluationPeriods: 1
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching
      AlarmActions: [!Ref Alarms]
"
    )
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
    let (id, dead_id) = (id(queue), dead_id(queue));
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
"
    )
}
