//! Grants are not too large: whatever an operation or worker declares, some story needs. That they are not too small the
//! guard sees to, which refuses in every test what was not declared.

use std::collections::{BTreeMap, BTreeSet};

use app::{Access, Grant, Resource, guard};
use providers::queue::Queue;
use store::Table;

use crate::{accounts, door, money, restart, sale};

/// Stories that together use what is declared.
const STORIES: &[fn()] = &[
    accounts::a_new_password_ends_the_other_sessions,
    accounts::a_tenant_shows_its_public_settings,
    accounts::guessing_passwords_is_slowed_down_and_a_success_forgets_failures,
    accounts::staff_log_in_by_their_own_door_until_they_are_disabled,
    accounts::whoever_registers_is_a_customer_and_logged_in,
    sale::a_cancelled_order_gives_its_tickets_back,
    sale::a_hold_that_ends_gives_its_tickets_back,
    sale::from_the_list_of_events_to_the_door,
    sale::when_all_are_held_it_is_sold_out,
    money::a_late_payment_goes_back_when_the_tickets_are_gone,
    money::a_late_payment_is_honoured_while_there_are_tickets,
    money::a_lost_webhook_loses_neither_the_sale_nor_the_money,
    money::a_payment_for_a_cancelled_order_goes_back,
    money::a_refund_is_asked_for_approved_and_done,
    money::a_refused_refund_says_why_and_leaves_the_tickets,
    money::an_automatic_policy_gives_back_at_once_until_it_is_too_late,
    money::of_two_captures_the_second_goes_back,
    money::what_was_never_paid_or_is_never_given_back_is_refused,
    door::a_ticket_admits_once_and_its_own_repeat,
    restart::a_sale_goes_on_after_a_restart,
];

#[test]
fn whatever_is_granted_is_needed() {
    for story in STORIES {
        story();
    }
    let used = guard::used();
    let operations = onsale::operations().into_iter().map(|operation| (operation.route.name, operation.grants()));
    let workers = onsale::workers().into_iter().map(|worker| (worker.duty.name, worker.duty.grants.to_vec()));
    let mut idle: BTreeMap<&str, BTreeSet<Grant>> = BTreeMap::new();
    for (name, granted) in operations.chain(workers) {
        let nothing = BTreeSet::new();
        let used = used.get(name).unwrap_or(&nothing);
        let unused: BTreeSet<_> = granted.into_iter().filter(|grant| !used.contains(grant)).collect();
        if !unused.is_empty() {
            idle.insert(name, unused);
        }
    }
    for (name, grants) in &idle {
        println!("{name}: {grants:?}");
    }
    panic!("see");
}
