//! The id of a refund as clients see it.

use std::{fmt, str::FromStr};

use domain::{
    id::{Id, IdError, OrderId, RefundId},
    refund::Refund,
};

/// Names an order and its refund. A refund lies under its order's key and there is no index over refunds, so the id that
/// is given out says both: `rfd_`, 26 characters of the order, 26 of the refund. To clients it is opaque.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicRefundId {
    /// The order that money goes back for.
    pub order: OrderId,
    /// Which of its refunds.
    pub refund: RefundId,
}

impl From<&Refund> for PublicRefundId {
    fn from(refund: &Refund) -> Self {
        Self { order: refund.order, refund: refund.id }
    }
}

/// Characters of an id without its prefix.
const BARE: usize = 26;

impl fmt::Display for PublicRefundId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", RefundId::PREFIX, self.order.bare(), self.refund.bare())
    }
}

impl FromStr for PublicRefundId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = IdError { prefix: RefundId::PREFIX };
        let both = text.strip_prefix(RefundId::PREFIX).ok_or(wrong)?;
        let (order, refund) = both.split_at_checked(BARE).ok_or(wrong)?;
        let order = OrderId::from_bare(order).map_err(|_| wrong)?;
        Ok(Self { order, refund: RefundId::from_bare(refund)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_order_and_refund_and_nothing_else_is_one() {
        let id = PublicRefundId { order: OrderId::from_bytes([1; 16]), refund: RefundId::from_bytes([2; 16]) };
        assert_eq!(id.to_string().parse(), Ok(id));
        let text = id.to_string();
        for bad in ["", "rfd_", &id.refund.to_string(), &text[4..], &text[..text.len() - 1], "rfd_é"] {
            assert!(bad.parse::<PublicRefundId>().is_err(), "{bad}");
        }
    }
}
