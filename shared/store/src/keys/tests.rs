use super::*;

#[test]
fn numbers_in_keys_sort() {
    let tenant: TenantId = "demo".parse().unwrap();
    let pool = PoolKey::from_hash(&[1; 32]);
    let mut last = String::new();
    for number in [0_u16, 9, 10, 99, 1_000, 62_499] {
        let sort = block(&tenant, BlockAddress { pool, number }).sort;
        assert!(last < sort);
        assert_eq!(block_number(&sort), Some(number));
        last = sort;
    }
    assert!(due(9, 15) < due(10, 2) && due(10, 2) < due(10, 10));
}

#[test]
fn records_of_a_trail_sort_by_their_numbers_and_nothing_else_is_one() {
    let tenant: TenantId = "demo".parse().unwrap();
    for number in [1, 9, 10, 999_999_999_999_999] {
        assert_eq!(trail_sequence(&trail_record(&tenant, number).sort), Some(number));
    }
    assert!(trail_record(&tenant, 9).sort < trail_record(&tenant, 10).sort);
    for odd in ["", "1", "000000000000001x", "+00000000000001", "0000000000000001"] {
        assert_eq!(trail_sequence(odd), None, "{odd}");
    }
}

#[test]
fn partitions_read_back() {
    let tenant: TenantId = "demo".parse().unwrap();
    let order = OrderId::from_bytes([3; 16]);
    assert_eq!(parse_order(&order_partition(&tenant, order)), Some((tenant.clone(), order)));
    let pool = PoolKey::from_hash(&[1; 32]);
    assert_eq!(parse_shard(&shard(&tenant, pool, 7)), Some((tenant, pool, 7)));
}

#[test]
fn listed_refunds_read_back_and_sort_by_time() {
    let tenant: TenantId = "demo".parse().unwrap();
    let (order, refund) = (OrderId::from_bytes([1; 16]), RefundId::from_bytes([2; 16]));
    let sort = |millis| {
        let created = Timestamp::from_millisecond(millis).unwrap();
        listed_refund(&tenant, OPEN_REFUNDS, created, order, refund).sort
    };
    assert_eq!(parse_listed_refund(&sort(9)), Some((order, refund)));
    assert!(sort(9) < sort(10) && sort(10) < sort(1_767_225_600_123));
}

#[test]
fn pools_differ_by_tenant_session_and_option() {
    let (one, two): (TenantId, TenantId) = ("a".parse().unwrap(), "b".parse().unwrap());
    let session = |byte| SessionId::from_bytes([byte; 16]);
    let option = |byte| OptionId::from_bytes([byte; 16]);
    let keys = [
        stock_pool(&one, session(1), option(1)),
        stock_pool(&two, session(1), option(1)),
        stock_pool(&one, session(2), option(1)),
        stock_pool(&one, session(1), option(2)),
    ];
    assert_eq!(keys.iter().collect::<std::collections::HashSet<_>>().len(), 4);
}

#[test]
fn pools_of_seats_differ_by_tenant_session_and_section() {
    let (one, two): (TenantId, TenantId) = ("a".parse().unwrap(), "b".parse().unwrap());
    let session = |byte| SessionId::from_bytes([byte; 16]);
    let section = |text: &str| text.parse().unwrap();
    let keys = [
        seat_pool(&one, session(1), &section("stalls")),
        seat_pool(&two, session(1), &section("stalls")),
        seat_pool(&one, session(2), &section("stalls")),
        seat_pool(&one, session(1), &section("stall")),
    ];
    assert_eq!(keys.iter().collect::<std::collections::HashSet<_>>().len(), 4);
}

#[test]
fn versions_of_a_map_sort_and_are_no_parts() {
    let tenant: TenantId = "demo".parse().unwrap();
    let venue = domain::id::VenueId::from_bytes([1; 16]);
    let sorts = [1, 9, 10, u32::MAX].map(|version| map(&tenant, venue, version).sort);
    assert!(sorts.is_sorted());
    assert!(map_part(&tenant, venue, &[7; 32], 3).sort.starts_with("part#0707"));
}
