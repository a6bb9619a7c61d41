//! Functions: one for each operation and worker.

use app::{Duty, Operation, Source};
use store::Table;

use super::{indent, logical_id, policies, queues, tables};
use crate::areas::{Area, DEFAULT_PATH, Function};

/// Seconds that a worker has for one batch: a sixth of the time for which its messages are hidden.
const WORKER_TIMEOUT_SECS: u16 = 30;
/// Seconds that a reconciler has for one walk.
const WALK_TIMEOUT_SECS: u16 = 300;
/// Messages that a worker gets at once.
const QUEUE_BATCH: u8 = 10;
/// Copies of a worker that run at once. Enough for a rush, and no more than the tables behind it take gladly.
const QUEUE_CONCURRENCY: u8 = 20;
/// How often a batch of a stream is tried, halved each time, before it is given up.
const STREAM_RETRIES: u8 = 8;
/// MiB for areas that hash passwords: Argon2 wants memory and, with it, a share of a processor.
const HASHING_MEMORY_MB: u16 = 1_024;

/// One function, with the alarm that its source needs.
pub(super) fn resource(area: &Area, function: Function) -> String {
    let name = function.name();
    let id = id(function);
    let condition = if function.is_sandbox() { "    Condition: HasSandbox\n" } else { "" };
    let description = text(function.summary());
    let timeout = match function {
        Function::Operation(operation) => operation.route.timeout_secs.into(),
        Function::Worker(worker) => match worker.duty.source {
            Source::Schedule { .. } => WALK_TIMEOUT_SECS,
            Source::Queue(_) | Source::Stream(_) => WORKER_TIMEOUT_SECS,
        },
    };
    let memory =
        if area.name == "identity" { format!("      MemorySize: {HASHING_MEMORY_MB}\n") } else { String::new() };
    let logs = logical_id(area.name);
    let policies = policies::property(function);
    let events = indent(&events(function), 8);
    format!(
        "
  {id}:
    Type: AWS::Serverless::Function
{condition}    Metadata: {{ BuildMethod: rust-cargolambda, BuildProperties: {{ Binary: {name} }} }}
    Properties:
      FunctionName: !Sub \"${{AWS::StackName}}-{name}\"
      Description: {description}
{memory}      Timeout: {timeout}
      LoggingConfig:
        LogFormat: JSON
        LogGroup: !Ref {logs}Logs
{policies}      Events:
{events}{}",
        alarm(function)
    )
}

/// How many resources the function's event makes in `CloudFormation`.
#[cfg(test)]
pub(super) fn event_weight(function: Function) -> usize {
    match function {
        Function::Operation(_) => 1, // the permission
        Function::Worker(worker) => match worker.duty.source {
            Source::Queue(_) | Source::Stream(_) => 1, // the mapping
            Source::Schedule { .. } => 2,              // the rule and the permission
        },
    }
}

fn id(function: Function) -> String {
    format!("{}Function", logical_id(function.name()))
}

/// A sentence as a YAML scalar. JSON's strings are YAML's.
fn text(sentence: &str) -> String {
    serde_json::Value::from(sentence).to_string()
}

fn events(function: Function) -> String {
    match function {
        Function::Operation(operation) => http(operation),
        Function::Worker(worker) => match worker.duty.source {
            Source::Queue(queue) => format!(
                "Queue:
  Type: SQS
  Properties:
    Queue: !GetAtt {}.Arn
    BatchSize: {QUEUE_BATCH}
    FunctionResponseTypes: [ReportBatchItemFailures]
    ScalingConfig: {{ MaximumConcurrency: {QUEUE_CONCURRENCY} }}
",
                queues::id(queue)
            ),
            Source::Stream(table) => stream(table),
            Source::Schedule { minutes } => schedule(&worker.duty, minutes),
        },
    }
}

fn http(operation: &Operation) -> String {
    let route = &operation.route;
    if route.path == DEFAULT_PATH {
        // Without path and method SAM makes the API's default route.
        return "Http:\n  Type: HttpApi\n  Properties: { ApiId: !Ref Api }\n".to_owned();
    }
    format!(
        "Http:\n  Type: HttpApi\n  Properties: {{ ApiId: !Ref Api, Method: {}, Path: {:?} }}\n",
        route.method.word(),
        route.path
    )
}

fn stream(table: Table) -> String {
    format!(
        "Stream:
  Type: DynamoDB
  Properties:
    Stream: !GetAtt {}.StreamArn
    StartingPosition: TRIM_HORIZON
    BatchSize: 100
    MaximumBatchingWindowInSeconds: 1
    FunctionResponseTypes: [ReportBatchItemFailures]
    BisectBatchOnFunctionError: true
    MaximumRetryAttempts: {STREAM_RETRIES}
    DestinationConfig: {{ OnFailure: {{ Type: SQS, Destination: !GetAtt StreamDeadQueue.Arn }} }}
",
        tables::id(table)
    )
}

fn schedule(duty: &Duty, minutes: u16) -> String {
    let unit = if minutes == 1 { "minute" } else { "minutes" };
    format!(
        "Schedule:\n  Type: Schedule\n  Properties:\n    Name: !Sub \"${{AWS::StackName}}-{}\"\n    Schedule: rate({minutes} {unit})\n",
        duty.name
    )
}

/// A reader of a stream that falls behind makes stock look staler than it is.
fn alarm(function: Function) -> String {
    let Function::Worker(worker) = function else { return String::new() };
    let Source::Stream(table) = worker.duty.source else { return String::new() };
    let (id, function, table) = (logical_id(worker.duty.name), id(function), table.name());
    format!(
        "  {id}AgeAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: The reader of the stream of {table} is more than a minute behind.
      Namespace: AWS/Lambda
      MetricName: IteratorAge
      Dimensions: [{{ Name: FunctionName, Value: !Ref {function} }}]
      Statistic: Maximum
      Period: 60
      EvaluationPeriods: 3
      Threshold: 60000
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching
      AlarmActions: [!Ref Alarms]
"
    )
}
