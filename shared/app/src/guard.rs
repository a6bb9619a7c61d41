//! Fails every call to AWS that the running operation or worker did not declare.
//!
//! Active wherever the code runs locally and in tests; on AWS the policies made from the same grants do this. Together
//! with [`used`], which tells what was really called, a policy can be neither too small nor too large.
//!
//! **Invariant:** the check stands in `read_before_serialization`. Earlier hooks have no metadata of the operation yet, so
//! that a guard there would allow everything without a word.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use aws_sdk_dynamodb::operation as dynamodb;
use aws_sdk_s3::operation as s3;
use aws_sdk_sqs::operation as sqs;
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{BeforeSerializationInterceptorContextRef, Input},
            dyn_dispatch_hint,
        },
        orchestrator::Metadata,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use providers::queue::Queue;
use store::Table;

use crate::{Access, Grant, Resource, config::Settings};

tokio::task_local! {
    static RUNNING: Running;
}

/// What runs, and what it may do.
#[derive(Clone, Copy)]
struct Running {
    name: &'static str,
    grants: &'static [Grant],
}

impl Running {
    /// Whether a permission was declared, or follows from one that was.
    fn has(&self, wanted: Grant) -> bool {
        self.grants.iter().any(|grant| *grant == wanted || grant.implied() == Some(wanted))
    }
}

static USED: Mutex<BTreeMap<&'static str, BTreeSet<Grant>>> = Mutex::new(BTreeMap::new());

/// Runs something under its name and with its grants alone. What it spawns runs outside.
pub async fn scope<F: Future>(name: &'static str, grants: &'static [Grant], running: F) -> F::Output {
    RUNNING.scope(Running { name, grants }, running).await
}

/// Whether what runs declared a permission that no client of an SDK asks for, which is noted like the others.
pub(crate) fn permit(grant: Grant) -> Result<(), String> {
    let Ok(running) = RUNNING.try_with(|running| *running) else { return Ok(()) };
    if !running.grants.contains(&grant) {
        return Err(format!("{}: {grant:?} is not granted", running.name));
    }
    USED.lock().unwrap_or_else(PoisonError::into_inner).entry(running.name).or_default().insert(grant);
    Ok(())
}

/// What was called so far by each operation and worker of this process.
pub fn used() -> BTreeMap<&'static str, BTreeSet<Grant>> {
    USED.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The interceptor.
#[derive(Clone, Debug)]
pub(crate) struct LeastPrivilege {
    tables: String,
    queues: String,
    bucket: String,
}

#[dyn_dispatch_hint]
impl Intercept for LeastPrivilege {
    fn name(&self) -> &'static str {
        "LeastPrivilege"
    }

    fn read_before_serialization(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // Outside of a scope there is nothing to guard: the runtime itself, and the program around it.
        let Ok(running) = RUNNING.try_with(|running| *running) else { return Ok(()) };
        let call = bag.load::<Metadata>().ok_or("a call without metadata")?;
        let action = [call.service(), ":", call.name()].concat();
        let needed = self.needed(context.input()).map_err(|why| [&action, ": ", &why].concat())?;
        for grant in needed {
            if !running.has(grant) {
                return Err(format!("{}: {action} needs {grant:?}, which is not granted", running.name).into());
            }
            USED.lock().unwrap_or_else(PoisonError::into_inner).entry(running.name).or_default().insert(grant);
        }
        Ok(())
    }
}

impl LeastPrivilege {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            tables: settings.table_prefix.clone(),
            queues: settings.queue_prefix.clone(),
            bucket: settings.bucket.clone(),
        }
    }

    /// The grants that a call needs: one for each item of a transaction or batch. Refuses calls that it does not know.
    fn needed(&self, input: &Input) -> Result<Vec<Grant>, String> {
        let (tables, access) = if let Some(call) = input.downcast_ref::<dynamodb::scan::ScanInput>() {
            (vec![call.table_name()], Access::Scan)
        } else if let Some(tables) = tables_read(input) {
            (tables, Access::Read)
        } else if let Some(tables) = tables_written(input) {
            (tables, Access::Write)
        } else if let Some(url) = queue_sent(input) {
            return Ok(vec![Grant { resource: self.queue(url)?, access: Access::Send }]);
        } else if let Some((bucket, access)) = file(input) {
            let ours = bucket.filter(|name| *name == self.bucket);
            return ours.map(|_| vec![Grant { resource: Resource::Files, access }]).ok_or("no bucket of ours".into());
        } else {
            return Err("no grant allows this operation".to_owned());
        };
        if tables.is_empty() {
            return Err("touches no table".to_owned());
        }
        tables.into_iter().map(|name| Ok(Grant { resource: self.table(name)?, access })).collect()
    }

    fn table(&self, name: Option<&str>) -> Result<Resource, String> {
        let bare = name.and_then(|name| name.strip_prefix(&self.tables));
        Table::ALL
            .into_iter()
            .find(|table| Some(table.name()) == bare)
            .map(Resource::Table)
            .ok_or_else(|| format!("{name:?} is no table of ours"))
    }

    fn queue(&self, url: &str) -> Result<Resource, String> {
        let bare = url.strip_prefix(&self.queues).unwrap_or_default();
        let find = |name: &str| Queue::ALL.into_iter().find(|queue| queue.name() == name);
        find(bare)
            .map(Resource::Queue)
            .or_else(|| bare.strip_suffix("-dead").and_then(find).map(Resource::DeadLetters))
            .ok_or_else(|| format!("{url} is no queue of ours"))
    }
}

/// Names of tables; `None` where a call leaves one out.
type Names<'a> = Vec<Option<&'a str>>;

fn tables_read(input: &Input) -> Option<Names<'_>> {
    if let Some(call) = input.downcast_ref::<dynamodb::get_item::GetItemInput>() {
        return Some(vec![call.table_name()]);
    }
    if let Some(call) = input.downcast_ref::<dynamodb::query::QueryInput>() {
        return Some(vec![call.table_name()]);
    }
    if let Some(call) = input.downcast_ref::<dynamodb::batch_get_item::BatchGetItemInput>() {
        return Some(call.request_items().into_iter().flatten().map(|(name, _)| Some(name.as_str())).collect());
    }
    let call = input.downcast_ref::<dynamodb::transact_get_items::TransactGetItemsInput>()?;
    Some(call.transact_items().iter().map(|item| item.get().map(aws_sdk_dynamodb::types::Get::table_name)).collect())
}

fn tables_written(input: &Input) -> Option<Names<'_>> {
    if let Some(call) = input.downcast_ref::<dynamodb::put_item::PutItemInput>() {
        return Some(vec![call.table_name()]);
    }
    if let Some(call) = input.downcast_ref::<dynamodb::update_item::UpdateItemInput>() {
        return Some(vec![call.table_name()]);
    }
    if let Some(call) = input.downcast_ref::<dynamodb::delete_item::DeleteItemInput>() {
        return Some(vec![call.table_name()]);
    }
    let call = input.downcast_ref::<dynamodb::transact_write_items::TransactWriteItemsInput>()?;
    Some(call.transact_items().iter().flat_map(tables_of_item).collect())
}

/// One item of a transaction may hold one action; whatever else it holds counts as well.
fn tables_of_item(item: &aws_sdk_dynamodb::types::TransactWriteItem) -> Names<'_> {
    let actions = [
        item.put().map(aws_sdk_dynamodb::types::Put::table_name),
        item.update().map(aws_sdk_dynamodb::types::Update::table_name),
        item.delete().map(aws_sdk_dynamodb::types::Delete::table_name),
        item.condition_check().map(aws_sdk_dynamodb::types::ConditionCheck::table_name),
    ];
    actions.into_iter().flatten().map(Some).collect()
}

/// The address that a message is sent to; empty where the call leaves it out.
fn queue_sent(input: &Input) -> Option<&str> {
    if let Some(call) = input.downcast_ref::<sqs::send_message::SendMessageInput>() {
        return Some(call.queue_url().unwrap_or_default());
    }
    let call = input.downcast_ref::<sqs::send_message_batch::SendMessageBatchInput>()?;
    Some(call.queue_url().unwrap_or_default())
}

fn file(input: &Input) -> Option<(Option<&str>, Access)> {
    if let Some(call) = input.downcast_ref::<s3::get_object::GetObjectInput>() {
        return Some((call.bucket(), Access::Read));
    }
    if let Some(call) = input.downcast_ref::<s3::head_object::HeadObjectInput>() {
        return Some((call.bucket(), Access::Read));
    }
    input.downcast_ref::<s3::put_object::PutObjectInput>().map(|call| (call.bucket(), Access::Write))
}

#[cfg(test)]
mod tests;
