//! Pages of lists.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which page of a list; part of a query by `#[serde(flatten)]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PageQuery {
    /// Counts from 1.
    #[serde(default = "PageQuery::first")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub page: u32,
    /// Items on a page.
    #[serde(default = "PageQuery::usual_size")]
    #[schemars(range(min = 1, max = 100))]
    pub page_size: u32,
}

impl Default for PageQuery {
    fn default() -> Self {
        Self { page: Self::first(), page_size: Self::usual_size() }
    }
}

impl PageQuery {
    const fn first() -> u32 {
        1
    }

    const fn usual_size() -> u32 {
        20
    }

    /// How many items come before the page.
    pub const fn skip(&self) -> usize {
        self.page.saturating_sub(1) as usize * self.page_size as usize
    }

    /// How many items the page has at most.
    pub const fn size(&self) -> usize {
        self.page_size as usize
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Listed<T> {
    /// What is on the page.
    pub items: Vec<T>,
    /// How many there are on all pages.
    pub total: usize,
    /// Which page this is, from 1.
    pub page: u32,
    /// How many items a page has.
    pub page_size: u32,
    /// How many pages there are.
    pub total_pages: usize,
    /// There: `total` was not counted to its end, there are at least so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_is_minimum: Option<bool>,
}

impl<T> Listed<T> {
    /// Cuts a page out of a list that is complete.
    pub fn cut(all: Vec<T>, query: &PageQuery) -> Self {
        let total = all.len();
        Self::of(all.into_iter().skip(query.skip()).take(query.size()).collect(), total, query)
    }

    /// A page that was cut already.
    pub fn of(items: Vec<T>, total: usize, query: &PageQuery) -> Self {
        let PageQuery { page, page_size } = *query;
        Self { items, total, page, page_size, total_pages: total.div_ceil(query.size().max(1)), total_is_minimum: None }
    }

    /// Says that there are more than `total`.
    #[must_use]
    pub fn at_least(self) -> Self {
        Self { total_is_minimum: Some(true), ..self }
    }

    /// Writes every item otherwise.
    pub fn map<U>(self, write: impl FnMut(T) -> U) -> Listed<U> {
        let Self { items, total, page, page_size, total_pages, total_is_minimum } = self;
        let items = items.into_iter().map(write).collect();
        Listed { items, total, page, page_size, total_pages, total_is_minimum }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_cut_out_of_the_list() {
        let cut = |count: usize, page, page_size| {
            let listed = Listed::cut((0..count).collect(), &PageQuery { page, page_size });
            (listed.items, listed.total_pages)
        };
        assert_eq!(cut(5, 1, 2), (vec![0, 1], 3));
        assert_eq!(cut(5, 3, 2), (vec![4], 3));
        assert_eq!(cut(5, 4, 2), (vec![], 3));
        assert_eq!(cut(0, 1, 20), (vec![], 0));
        assert_eq!(cut(4, u32::MAX, 100), (vec![], 1));
    }
}
