//! The errors of SQS, in the two codes that its JSON protocol carries.

use serde_json::json;

use super::super::Answer;

/// What SQS refuses a call for.
#[derive(Debug, thiserror::Error)]
pub(super) enum SqsError {
    #[error("The specified queue does not exist.")]
    QueueDoesNotExist,
    #[error("A queue already exists with the same name and a different value for attribute {0}")]
    QueueNameExists(String),
    #[error("Unknown Attribute {0}.")]
    InvalidAttributeName(String),
    #[error("Invalid value for the parameter {0}.")]
    InvalidAttributeValue(String),
    #[error("{0}")]
    InvalidParameterValue(String),
    #[error("The request must contain the parameter {0}.")]
    MissingParameter(&'static str),
    #[error(
        "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
    )]
    InvalidMessageContents,
    #[error("The input receipt handle is invalid.")]
    ReceiptHandleIsInvalid,
    #[error("The message referred to is not in flight.")]
    MessageNotInflight,
    #[error("There should be at least one entry in the request.")]
    EmptyBatchRequest,
    #[error("Maximum number of entries per request are 10.")]
    TooManyEntriesInBatchRequest,
    #[error("Id {0} repeated.")]
    BatchEntryIdsNotDistinct(String),
    #[error(
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."
    )]
    InvalidBatchEntryId,
    #[error("Batch requests cannot be longer than 262144 bytes.")]
    BatchRequestTooLong,
    #[error("{0} is not supported by the embedded SQS.")]
    UnsupportedOperation(&'static str),
    #[error("The embedded SQS does not know the operation {0}.")]
    UnknownOperation(String),
    #[error("The request cannot be read: {0}")]
    Unreadable(String),
    #[error("The embedded database failed: {0}")]
    Database(#[from] rusqlite::Error),
}

impl SqsError {
    /// Returns the shape's name, which is the code of a failed batch entry too, and the code by
    /// which SDKs tell the errors apart (from the time of the query protocol).
    pub(super) fn codes(&self) -> (&'static str, &'static str) {
        match self {
            Self::QueueDoesNotExist => ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue;Sender"),
            Self::QueueNameExists(_) => ("QueueNameExists", "QueueAlreadyExists;Sender"),
            Self::InvalidAttributeName(_) => ("InvalidAttributeName", "InvalidAttributeName;Sender"),
            Self::InvalidAttributeValue(_) => ("InvalidAttributeValue", "InvalidAttributeValue;Sender"),
            Self::InvalidParameterValue(_) => ("InvalidParameterValue", "InvalidParameterValue;Sender"),
            Self::MissingParameter(_) => ("MissingParameter", "MissingParameter;Sender"),
            Self::InvalidMessageContents => ("InvalidMessageContents", "InvalidMessageContents;Sender"),
            Self::ReceiptHandleIsInvalid => ("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid;Sender"),
            Self::MessageNotInflight => ("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight;Sender"),
            Self::EmptyBatchRequest => ("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest;Sender"),
            Self::TooManyEntriesInBatchRequest => {
                ("TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest;Sender")
            }
            Self::BatchEntryIdsNotDistinct(_) => {
                ("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct;Sender")
            }
            Self::InvalidBatchEntryId => ("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId;Sender"),
            Self::BatchRequestTooLong => ("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong;Sender"),
            Self::UnsupportedOperation(_) => {
                ("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation;Sender")
            }
            Self::UnknownOperation(_) => ("UnknownOperationException", "InvalidAction;Sender"),
            Self::Unreadable(_) => ("SerializationException", "MalformedInput;Sender"),
            Self::Database(_) => ("InternalFailure", "InternalFailure;Receiver"),
        }
    }

    /// Tells whether the fault lies with the caller.
    pub(super) fn is_callers(&self) -> bool {
        !matches!(self, Self::Database(_))
    }

    pub(super) fn to_answer(&self) -> Answer {
        let (shape, query_error) = self.codes();
        let body = json!({
            "__type": format!("com.amazonaws.sqs#{shape}"),
            "message": self.to_string(),
        });
        Answer {
            status: if self.is_callers() { 400 } else { 500 },
            body: body.to_string().into_bytes(),
            query_error: Some(query_error),
        }
    }
}
