//! Reads the stream of the Orders table and tells the workers what a change gives them to do. The only reader.

use app::{
    Duty, Forwarded, Grant, Record, Source, Worker,
    message::{LineMoved, MoneyDue, OrderNamed},
    wire::Text,
};
use domain::id::{OrderId, RefundId};
use providers::queue::Queue;
use serde::Serialize;
use store::{BY_DUE, Table, keys};

/// The worker.
pub static WORKER: Worker = Worker::forwarder(DUTY, forward);

const DUTY: Duty = Duty {
    name: "forward-orders",
    source: Source::Stream(Table::Orders),
    grants: &[
        Grant::send(Queue::IssueTickets),
        Grant::send(Queue::ReleaseStock),
        Grant::send(Queue::SendRefund),
        Grant::send(Queue::ServeWaitlist),
    ],
    summary: "Tell workers what a change of an order gives them to do",
};

fn forward(record: &Record) -> Vec<Forwarded> {
    let Some((tenant, order)) = keys::parse_order(&record.partition) else {
        return Vec::new();
    };
    let Some(item) = &record.item else {
        return Vec::new();
    };
    let is_due = item[BY_DUE.partition]["S"].is_string();
    let named = OrderNamed { tenant: Text(tenant.clone()), order: Text(order) };
    let mut messages = Vec::new();
    if record.sort == keys::ORDER {
        match item["st"]["S"].as_str() {
            // A deposit: nothing is held for it, and no ticket is due. Whoever made it is in line now.
            Some("paid") if item["held"]["L"].as_array().is_some_and(Vec::is_empty) => {
                let moved = LineMoved { tenant: named.tenant.clone(), line: None, request: Some(named.order) };
                messages.extend(message(Queue::ServeWaitlist, &moved));
            }
            Some("paid") => messages.extend(message(Queue::IssueTickets, &named)),
            Some("cancelled" | "expired" | "lapsed") => messages.extend(message(Queue::ReleaseStock, &named)),
            // A refund under way releases before it pays: see its own item.
            _ => {}
        }
    }
    if is_due {
        messages.extend(message(Queue::SendRefund, &money(named, order, &record.sort)));
    }
    messages
}

fn money(named: OrderNamed, order: OrderId, sort: &str) -> MoneyDue {
    let refund: Option<RefundId> = keys::parse_refund(sort);
    MoneyDue { tenant: named.tenant, order: Text(order), refund: refund.map(Text) }
}

fn message(queue: Queue, body: &impl Serialize) -> Option<Forwarded> {
    serde_json::to_string(body).ok().map(|body| Forwarded { queue, body })
}

#[cfg(test)]
mod tests {
    use domain::id::Id as _;
    use serde_json::json;

    use super::*;

    fn queues(sort: &str, state: &str, due: bool) -> Vec<Queue> {
        let mut item = json!({"st": {"S": state}});
        if due {
            item["due"] = json!({"S": "00000001#00"});
        }
        let partition = format!("demo#{}", OrderId::from_bytes([1; 16]).bare());
        let record = Record { partition, sort: sort.into(), item: Some(item) };
        forward(&record).into_iter().map(|message| message.queue).collect()
    }

    #[test]
    fn a_change_goes_to_those_whom_it_concerns() {
        let refund = format!("refund#{}", RefundId::from_bytes([2; 16]).bare());
        for (sort, state, due, expected) in [
            ("order", "reserved", false, vec![]),
            ("order", "paid", false, vec![Queue::IssueTickets]),
            ("order", "ticketed", false, vec![]),
            ("order", "expired", false, vec![Queue::ReleaseStock]),
            ("order", "expired", true, vec![Queue::ReleaseStock, Queue::SendRefund]),
            ("order", "cancelled", false, vec![Queue::ReleaseStock]),
            ("order", "lapsed", true, vec![Queue::ReleaseStock, Queue::SendRefund]),
            ("order", "tombstone", false, vec![]),
            (refund.as_str(), "requested", false, vec![]),
            (refund.as_str(), "approved", true, vec![Queue::SendRefund]),
            ("payment#x", "", false, vec![]),
        ] {
            assert_eq!(queues(sort, state, due), expected, "{sort} {state} {due}");
        }
    }

    #[test]
    fn a_paid_deposit_goes_to_the_line_and_not_to_the_issuer() {
        let partition = format!("demo#{}", OrderId::from_bytes([1; 16]).bare());
        let item = json!({"st": {"S": "paid"}, "held": {"L": []}});
        let sent = forward(&Record { partition, sort: "order".into(), item: Some(item) });
        assert_eq!(sent.iter().map(|message| message.queue).collect::<Vec<_>>(), [Queue::ServeWaitlist]);
    }

    #[test]
    fn foreign_keys_are_passed_over() {
        let record = Record { partition: "nonsense".into(), sort: "order".into(), item: Some(json!({})) };
        assert!(forward(&record).is_empty());
    }
}
