//! What an operation or a worker may touch. Becomes its IAM policy, and is enforced wherever the code runs locally.

use providers::queue::Queue;
use store::Table;

/// A thing of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Resource {
    /// A table, with its indexes.
    Table(Table),
    /// A queue.
    Queue(Queue),
    /// A queue's dead letters.
    DeadLetters(Queue),
    /// The bucket of tickets' images and uploads.
    Files,
    /// E-mail.
    Mail,
    /// Text messages.
    Texts,
    /// The key that wraps the data keys of tenants.
    Keys,
}

/// What may be done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Access {
    /// Reads.
    Read,
    /// Reads everything there is, whoever's it is: the auditor's, and nobody else's.
    Scan,
    /// Writes.
    Write,
    /// Sends messages.
    Send,
}

/// One permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Grant {
    /// On what.
    pub resource: Resource,
    /// To do what.
    pub access: Access,
}

impl Grant {
    /// Reads a table.
    pub const fn read(table: Table) -> Self {
        Self { resource: Resource::Table(table), access: Access::Read }
    }

    /// Goes through a whole table.
    pub const fn scan(table: Table) -> Self {
        Self { resource: Resource::Table(table), access: Access::Scan }
    }

    /// Writes a table.
    pub const fn write(table: Table) -> Self {
        Self { resource: Resource::Table(table), access: Access::Write }
    }

    /// Sends to a queue.
    pub const fn send(queue: Queue) -> Self {
        Self { resource: Resource::Queue(queue), access: Access::Send }
    }

    /// Sends to a queue's dead letters.
    pub const fn bury(queue: Queue) -> Self {
        Self { resource: Resource::DeadLetters(queue), access: Access::Send }
    }

    /// Reads files.
    pub const fn read_files() -> Self {
        Self { resource: Resource::Files, access: Access::Read }
    }

    /// Writes files.
    pub const fn write_files() -> Self {
        Self { resource: Resource::Files, access: Access::Write }
    }

    /// Sends e-mail.
    pub const fn mail() -> Self {
        Self { resource: Resource::Mail, access: Access::Send }
    }

    /// Sends text messages.
    pub const fn texts() -> Self {
        Self { resource: Resource::Texts, access: Access::Send }
    }

    /// Opens the data keys of tenants: whatever seals, opens or looks up what is personal or secret.
    pub const fn open_keys() -> Self {
        Self { resource: Resource::Keys, access: Access::Read }
    }

    /// Makes data keys of tenants.
    pub const fn make_keys() -> Self {
        Self { resource: Resource::Keys, access: Access::Write }
    }

    /// What else a permission needs to be of use: data keys lie wrapped in a table.
    pub(crate) const fn implied(self) -> Option<Self> {
        match (self.resource, self.access) {
            (Resource::Keys, Access::Read) => Some(Self::read(Table::Vault)),
            (Resource::Keys, _) => Some(Self::write(Table::Vault)),
            _ => None,
        }
    }

    /// The IAM actions that the permission consists of.
    pub const fn actions(self) -> &'static [&'static str] {
        match (self.resource, self.access) {
            (Resource::Table(_), Access::Read) => &["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"],
            (Resource::Table(_), Access::Scan) => &["dynamodb:Scan"],
            (Resource::Table(_), _) => {
                &["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem"]
            }
            (Resource::Queue(_) | Resource::DeadLetters(_), _) => &["sqs:SendMessage"],
            (Resource::Mail, _) => &["ses:SendEmail"],
            (Resource::Texts, _) => &["sns:Publish"],
            (Resource::Files, Access::Read) => &["s3:GetObject"],
            (Resource::Files, _) => &["s3:PutObject"],
            (Resource::Keys, Access::Read) => &["kms:Decrypt"],
            (Resource::Keys, _) => &["kms:GenerateDataKeyWithoutPlaintext"],
        }
    }
}
