//! Grants are not too large: whatever an operation or worker declares, some story needs. That they are not too small the
//! guard sees to, which refuses in every test what was not declared.

use std::collections::BTreeSet;

use app::{Grant, dispatch::implied_grants, guard};
use providers::queue::Queue;
use store::Table;

use crate::{
    accounts, administrators, auditor, changes, door, federation, machines, money, names, organisers, people, rail,
    restart, sale, sessions, tenants, trail, two_factor, venues, waitlist,
};

/// Stories that together use what is declared.
const STORIES: &[fn()] = &[
    accounts::a_logout_kills_the_token,
    auditor::an_administrator_looks_through_the_tenants_state,
    accounts::a_new_password_ends_the_other_sessions,
    accounts::a_tenant_shows_its_public_settings,
    accounts::guessing_passwords_is_slowed_down_and_a_success_forgets_failures,
    accounts::staff_log_in_by_their_own_door_until_they_are_disabled,
    accounts::whoever_registers_is_a_customer_and_logged_in,
    federation::a_mini_programs_user_is_known_again_by_either_name,
    federation::a_provider_is_linked_and_unlinked_by_whoever_is_logged_in,
    federation::the_first_login_makes_an_account_and_the_second_finds_it,
    organisers::an_event_is_sent_back_changed_approved_enlarged_and_called_off,
    sale::a_cancelled_order_gives_its_tickets_back,
    sale::a_hold_that_ends_gives_its_tickets_back,
    sale::an_order_is_its_buyers_alone_and_made_up_ids_are_nobodys,
    sale::from_the_list_of_events_to_the_door,
    sale::the_same_key_is_the_same_order,
    sale::when_all_are_held_it_is_sold_out,
    sale::whoever_wants_more_than_is_left_is_told_how_many_are,
    money::a_late_payment_goes_back_when_the_tickets_are_gone,
    money::a_late_payment_is_honoured_while_there_are_tickets,
    money::a_lost_webhook_loses_neither_the_sale_nor_the_money,
    money::a_payment_for_a_cancelled_order_goes_back,
    money::a_refund_is_asked_for_approved_and_done,
    money::a_refused_refund_says_why_and_leaves_the_tickets,
    money::an_automatic_policy_gives_back_at_once_until_it_is_too_late,
    money::of_two_captures_the_second_goes_back,
    money::some_tickets_go_back_and_the_others_admit,
    money::what_was_never_paid_or_is_never_given_back_is_refused,
    changes::a_change_whose_webhook_is_lost_is_found_by_asking,
    changes::a_dearer_ride_is_paid_in_full_and_the_old_money_comes_back,
    changes::a_passenger_takes_a_cheaper_train_and_gets_the_rest_back,
    changes::an_organiser_moves_a_party_to_other_seats,
    door::a_ticket_admits_once_and_its_own_repeat,
    rail::a_timetable_is_imported_as_a_whole_or_not_at_all,
    rail::runs_are_opened_and_found_by_whatever_is_typed,
    rail::more_runs_than_one_part_makes_are_divided,
    rail::opening_again_changes_nothing_that_is_open,
    rail::a_run_that_is_cancelled_is_found_no_more,
    restart::a_sale_goes_on_after_a_restart,
    machines::a_machine_buys_pays_and_is_shut_out,
    trail::administrators_read_who_did_what_and_what_became_of_it,
    sessions::sessions_are_listed_and_a_lost_one_is_ended,
    administrators::users_are_found_by_role_status_login_and_nickname,
    administrators::a_new_role_counts_within_two_seconds_and_a_disabled_user_is_out,
    two_factor::an_authenticator_is_enrolled_asked_for_and_given_up,
    two_factor::whose_role_demands_it_can_only_enrol,
    names::a_code_proves_an_address_five_tries_long_for_ten_minutes,
    names::a_new_name_counts_from_the_moment_that_it_is_proved,
    names::a_forgotten_password_is_replaced_once_and_every_session_ends,
    people::an_administrator_erases_who_asks_them_and_nobody_above_or_themselves,
    people::people_have_all_that_is_kept_of_them,
    people::who_dies_while_erasing_is_finished_by_the_message,
    people::whoever_asks_is_erased_and_the_books_stay_right,
    venues::a_map_is_made_by_rule_by_hand_and_by_table,
    venues::an_event_sells_the_seats_of_a_map,
    venues::clients_see_who_has_what_and_what_has_changed,
    venues::an_event_moves_to_a_newer_map_unless_somebody_would_lose_a_seat,
    waitlist::nobody_who_did_not_wait_is_served_before,
    waitlist::what_is_cheaper_serves_too_and_the_rest_goes_back,
    waitlist::rules::a_party_waits_for_the_best_seats_of_a_hall,
    waitlist::who_leaves_or_waits_in_vain_has_the_money_back,
    waitlist::who_waits_for_a_train_travels_with_their_names,
    waitlist::who_waits_longest_is_served_first_and_wholly,
    waitlist::whoever_was_being_served_when_a_worker_died_waits_at_the_old_place,
    tenants::a_disabled_tenant_sells_nothing_and_its_money_goes_on,
    tenants::a_tenant_chooses_and_its_secrets_are_never_shown,
    tenants::a_tenant_is_made_and_its_first_administrator_comes_by_invitation,
];

/// What is needed only where something fails in the middle or two meet: crash points and rushes come there, stories do
/// not. And what is read once and then remembered by the process, so that which operation reads it is chance.
#[rustfmt::skip] // A row for each reads as the table that it is.
const SELDOM: &[(&str, &[Grant], &str)] = &[
    ("apply-notice", &[Grant::write(Table::Catalogue), Grant::read(Table::Inventory)], "a revival that meets entries past their time"),
    ("poll-payment", &[Grant::read(Table::Catalogue), Grant::write(Table::Catalogue), Grant::read(Table::Inventory), Grant::write(Table::Inventory), Grant::send(Queue::SendRefund)], "a late payment whose webhook was lost"),
    ("poll-payment", &[Grant::send(Queue::PollPayment)], "a payment that stays open between two questions"),
    ("send-refund", &[Grant::read(Table::Inventory)], "a late payment that closing the payment finds"),
    ("create-order", &[Grant::read(Table::Catalogue), Grant::write(Table::Catalogue), Grant::read(Table::Inventory), Grant::write(Table::Inventory), Grant::read(Table::Orders)], "an order that is written after its hold has ended"),
    ("place-order", &[Grant::write(Table::Catalogue), Grant::write(Table::Orders)], "entries past their time, and tries that are given up"),
    ("change-order", &[Grant::write(Table::Catalogue)], "entries past their time, and tries that are given up"),
    ("move-seats", &[Grant::write(Table::Catalogue), Grant::read(Table::Inventory)], "entries past their time, and tries that are given up"),
    ("reconcile-holds", &[Grant::write(Table::Inventory), Grant::read(Table::Orders), Grant::write(Table::Orders), Grant::send(Queue::IssueTickets)], "what a crash left undone"),
    ("reconcile-money", &[Grant::write(Table::Orders), Grant::send(Queue::SendRefund)], "what a crash left undone"),
    ("reconcile-notices", &[Grant::send(Queue::ApplyNotice)], "what a crash left undone"),
    ("sandbox-deliver", &[Grant::write(Table::Activity)], "a call that died before it took the money"),
    ("notify", &[Grant::mail(), Grant::texts()], "calls without an SDK, which the guard does not see; and nobody is sent anything here"),
    ("notify", &[Grant::read(Table::Catalogue)], "remembered"),
    ("create-event", &[Grant::read(Table::Inventory)], "a repeat under the same key, after the event was approved"),
    ("cancel-order", &[Grant::read(Table::Catalogue)], "remembered"),
    ("get-ticket", &[Grant::read(Table::Catalogue)], "remembered"),
    ("list-orders", &[Grant::read(Table::Catalogue)], "remembered"),
    ("list-tickets", &[Grant::read(Table::Catalogue)], "remembered"),
    ("login", &[Grant::read(Table::Catalogue)], "remembered"),
    ("admin-login", &[Grant::read(Table::Catalogue)], "remembered"),
    ("refresh", &[Grant::read(Table::Catalogue)], "remembered"),
];

fn is_seldom(name: &str, grant: &Grant) -> bool {
    SELDOM.iter().any(|(seldom, grants, _)| *seldom == name && grants.contains(grant))
}

#[test]
fn whatever_is_granted_is_needed() {
    for story in STORIES {
        story();
    }
    let used = guard::used();
    let operations = onsale::operations().into_iter().map(|operation| {
        // Whoever was seen alive is not asked for again at once: which operation asks is chance.
        let implied = implied_grants(&operation.route);
        let own = operation.route.grants.iter().copied().filter(|grant| !implied.contains(grant));
        (operation.route.name, own.collect::<Vec<_>>())
    });
    let workers = onsale::workers().into_iter().map(|worker| (worker.duty.name, worker.duty.grants.to_vec()));
    let mut idle = Vec::new();
    for (name, granted) in operations.chain(workers) {
        let nothing = BTreeSet::new();
        let used = used.get(name).unwrap_or(&nothing);
        let unused = granted.into_iter().filter(|grant| !used.contains(grant) && !is_seldom(name, grant));
        idle.extend(unused.map(|grant| format!("{name}: {grant:?}")));
    }
    assert!(idle.is_empty(), "granted, and used by no story:\n  {}", idle.join("\n  "));
}
