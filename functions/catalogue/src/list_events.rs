//! `GET /api/events`: what is on.

use app::{
    App, Auth, Caller, Endpoint, Error, Grant, Method, Nothing, Operation, Route,
    wire::{Listed, PageQuery},
};
use domain::event::Event;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{
    filter::{Days, Filter, Prices, Sort, Status, is_listed, page},
    view::EventView,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<ListEvents>();

/// What to list. Without a status: everything approved.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListEvents {
    status: Option<Status>,
    /// With a session on this day, in the venue's zone. Comes before `from` and `to`.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    date: Option<Date>,
    /// With a session on or after this day.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    from: Option<Date>,
    /// With a session on or before this day.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    to: Option<Date>,
    #[schemars(length(max = 50))]
    category: Option<String>,
    #[schemars(length(max = 100))]
    city: Option<String>,
    /// With a price of at least so many minor units.
    min_price: Option<u64>,
    /// With a price of at most so many minor units.
    max_price: Option<u64>,
    /// Words that must all be there.
    #[schemars(length(max = 100))]
    q: Option<String>,
    #[serde(default)]
    sort: Sort,
    #[serde(flatten)]
    page: PageQuery,
}

impl Endpoint for ListEvents {
    const ROUTE: Route = Route {
        name: "list-events",
        method: Method::Get,
        path: "/api/events",
        auth: Auth::Public,
        grants: &[Grant::read(Table::Catalogue), Grant::read(Table::Inventory)],
        summary: "List what is on",
        cache: Some("public, max-age=2"),
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Listed<EventView>;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<Listed<EventView>, Error> {
        let (tenant, now) = (app.store.tenant(caller.tenant()?), app.now());
        let (status, sort, query) = (self.status, self.sort, self.page);
        let filter = self.filter().check()?;
        let all = tenant.catalogue().events_cached(now).await?;
        let fits = |event: &&Event| is_listed(event, status) && filter.may_fit(event, now);
        let mut events: Vec<&Event> = all.iter().filter(fits).collect();
        sort.apply(&mut events, now);
        let page = page(&tenant, &filter, events, &query, now).await?;
        Ok(page.map(|(event, left)| EventView::of(tenant.id(), event, &left, now)))
    }
}

impl ListEvents {
    fn filter(self) -> Filter {
        Filter {
            status: self.status,
            days: Days { first: self.date.or(self.from), last: self.date.or(self.to) },
            category: self.category,
            city: self.city,
            prices: Prices { least: self.min_price, most: self.max_price },
            query: self.q,
        }
    }
}

#[cfg(test)]
mod tests {
    use app::decode::{Shape, typed};
    use serde_json::{Map, Value};

    use super::*;

    /// A query string as the dispatcher reads it: the wrong fields, or what it means.
    fn read(query: &[(&str, &str)]) -> Result<ListEvents, Vec<String>> {
        let shape = Shape::of(OPERATION.input);
        let query: Map<String, Value> = query.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let input = Value::Object(shape.coerce(query));
        let wrong = shape.check(&input);
        if !wrong.is_empty() {
            return Err(wrong.into_iter().map(|detail| detail.field).collect());
        }
        typed(input).map_err(|error| error.details.into_iter().map(|detail| detail.field).collect())
    }

    #[test]
    fn a_query_means_what_it_says() {
        let all = read(&[]).unwrap();
        assert_eq!((all.sort, all.page), (Sort::Date, PageQuery::default()));
        let query = [
            ("status", "onSale"),
            ("from", "2026-05-01"),
            ("to", "2026-05-31"),
            ("minPrice", "5"),
            ("sort", "-price"),
            ("page", "2"),
            ("pageSize", "50"),
            ("city", ""),
        ];
        let read = read(&query).unwrap();
        assert_eq!((read.status, read.sort), (Some(Status::OnSale), Sort::HighestPrice));
        assert_eq!(read.page, PageQuery { page: 2, page_size: 50 });
        let filter = read.filter();
        assert_eq!(filter.days.first.map(|day| day.to_string()).as_deref(), Some("2026-05-01"));
        assert_eq!((filter.prices.least, filter.city), (Some(5), None));
    }

    #[test]
    fn a_day_comes_before_a_range() {
        let filter = read(&[("date", "2026-05-02"), ("from", "2026-05-01")]).unwrap().filter();
        assert_eq!(filter.days.first, filter.days.last);
    }

    #[test]
    fn what_is_wrong_with_a_query_is_told() {
        for (name, value) in
            [("status", "sold"), ("date", "tomorrow"), ("minPrice", "-1"), ("sort", "up"), ("pageSize", "101")]
        {
            assert_eq!(read(&[(name, value)]).unwrap_err(), [name], "{name}={value}");
        }
    }
}
