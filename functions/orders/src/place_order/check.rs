//! What a request asks for: whether there is such a thing, whether it is for sale, and what it costs by the server's word.

use std::sync::Arc;

use app::{App, Caller, Code, Error, wire::Text};
use domain::{
    Timestamp,
    event::{Event, NoOffer},
    id::{EventId, OptionId, RunId, SessionId, UserId},
    money::Money,
    order::{Quantity, Subject},
    pool::Layout,
    rail::{coach::Class, run::NotSold, station::Telecode},
    tenant::HoldTime,
};
use store::{Reach, Tenant, keys};

use super::{
    PlaceOrder, ride, seats,
    wanted::{Wanted, Wish},
};

impl PlaceOrder {
    /// Finds what is wanted.
    pub(super) async fn check(self, caller: &Caller, app: &App) -> Result<Wanted, Error> {
        self.wanted_by(app.store.tenant(caller.tenant()?), caller.user()?, app).await
    }

    /// Finds what somebody wants, who need not be there any more.
    pub(crate) async fn wanted_by(self, tenant: Tenant, user: UserId, app: &App) -> Result<Wanted, Error> {
        let now = app.now();
        let quantity = Quantity::parse(self.quantity).map_err(|wrong| Error::field("quantity", wrong))?;
        let settings = tenant.catalogue().settings_cached(now).await?;
        if let Some(most) = settings.as_ref().map(|settings| settings.limits.per_order).filter(|most| quantity > *most)
        {
            return Err(explain(NoOffer::TooMany { most }));
        }
        let hold = settings.map_or(HoldTime::DEFAULT, |settings| settings.hold);
        let contact =
            Reach { name: self.user_info.name.clone(), phone: self.user_info.phone.clone(), passengers: Vec::new() };
        let base = Base { tenant, user, quantity, hold, contact, now };
        match (self.event_id, self.run_id) {
            (Some(Text(event)), None) => self.of_event(event, base).await,
            (None, Some(Text(run))) => self.of_run(run, base, app).await,
            (Some(_), Some(_)) => Err(Error::field("runId", "goes without an eventId")),
            (None, None) => Err(Error::field("eventId", "is needed, or a runId")),
        }
    }

    async fn of_event(self, id: EventId, base: Base) -> Result<Wanted, Error> {
        let Base { tenant, quantity, now, .. } = &base;
        let Some(Text(option)) = self.price_option_id else {
            return Err(Error::field("priceOptionId", "is needed"));
        };
        self.without(&["from", "to", "class", "passengers", "together", "wishes"])?;
        let event = tenant.catalogue().event_cached(id, *now).await?;
        let event = event.filter(|event| event.is_public()).ok_or(Code::NotFound)?;
        let session = self.session(&event)?;
        let option = event.option(option).ok_or_else(unknown_option)?;
        let total = event.offer(session, option.id, *quantity, *now).map_err(explain)?;
        let subject = Subject::Session { event: event.id, session, option: option.id };
        let wish = if event.sells_seats(option.id) {
            let option = option.id;
            Wish::Seats(Box::new(self.seats(tenant, Arc::clone(&event), (session, option), *quantity, *now).await?))
        } else {
            self.without(&["seats", "bestAvailable", "wheelchairs", "channel"])?;
            let layout = Layout::of(option.total).map_err(Error::internal)?;
            Wish::Tickets { pool: keys::stock_pool(tenant.id(), session, option.id), layout }
        };
        Ok(base.wanting(subject, total, Vec::new(), wish))
    }

    /// What is said of seats.
    async fn seats(
        self,
        tenant: &Tenant,
        event: Arc<Event>,
        sold: (SessionId, OptionId),
        quantity: Quantity,
        now: Timestamp,
    ) -> Result<seats::Wish, Error> {
        let ask = seats::Ask {
            named: self.seats.map(|names| names.into_iter().map(|name| name.0).collect()),
            sections: self
                .best_available
                .and_then(|best| best.sections)
                .map(|ids| ids.into_iter().map(|id| id.0).collect()),
            wheelchairs: u8::try_from(self.wheelchairs).unwrap_or(u8::MAX),
            channel: self.channel,
            quantity,
            by: seats::By::Buyer,
        };
        seats::Wish::of(tenant, event, sold, ask, now).await
    }

    async fn of_run(self, id: RunId, mut base: Base, app: &App) -> Result<Wanted, Error> {
        self.without(&["sessionId", "priceOptionId", "seats", "bestAvailable", "wheelchairs", "channel"])?;
        let (from, to, class) = self.ride()?;
        let Some(passengers) = self.passengers else {
            return Err(Error::field("passengers", "are needed: one for each ticket"));
        };
        if passengers.len() != usize::from(base.quantity.get()) {
            return Err(Error::field("passengers", "must be as many as quantity says"));
        }
        let run = base.tenant.rail().run_cached(id, base.now).await?.ok_or(Code::NotFound)?;
        let stretch = run.stretch(from, to).ok_or_else(|| Error::field("to", "is not behind from on this train"))?;
        if run.terms.formation.rows(&class).is_empty() {
            return Err(Error::field("class", "is not sold on this train"));
        }
        match run.may_sell(stretch, base.now) {
            Ok(()) => {}
            Err(NotSold::NotOpen) => return Err(Code::NotFound.into()),
            Err(NotSold::Stretch) => return Err(Error::field("to", "is no stop of this train")),
            Err(NotSold::Cancelled | NotSold::Early | NotSold::Late) => return Err(Code::NotOnSale.into()),
        }
        let ask = ride::Ask { stretch, together: self.together, wishes: self.wishes.unwrap_or_default(), passengers };
        let (wish, fares) = ride::Wish::of(run, class.clone(), ask, base.tenant.id(), app)?;
        let total = fares.total;
        base.contact.passengers = wish.travellers();
        let subject = Subject::Ride { run: id, class, stretch };
        Ok(base.wanting(subject, total, fares.each, Wish::Ride(Box::new(wish))))
    }

    fn ride(&self) -> Result<(Telecode, Telecode, Class), Error> {
        let needed = |field: &str| app::Detail { field: field.to_owned(), reason: "is needed".to_owned() };
        match (&self.from, &self.to, &self.class) {
            (Some(from), Some(to), Some(class)) => Ok((from.0, to.0, class.0.clone())),
            (from, to, class) => {
                let missing = [("from", from.is_none()), ("to", to.is_none()), ("class", class.is_none())];
                let details = missing.into_iter().filter(|(_, missing)| *missing).map(|(field, _)| needed(field));
                Err(Error::fields(details.collect()))
            }
        }
    }

    /// Refuses fields that belong to something else than what is bought: whoever sends them means something that they
    /// would not get.
    fn without(&self, fields: &[&str]) -> Result<(), Error> {
        let there = |field: &str| match field {
            "sessionId" => self.session_id.is_some(),
            "priceOptionId" => self.price_option_id.is_some(),
            "seats" => self.seats.is_some(),
            "bestAvailable" => self.best_available.is_some(),
            "wheelchairs" => self.wheelchairs > 0,
            "channel" => self.channel.is_some(),
            "from" => self.from.is_some(),
            "to" => self.to.is_some(),
            "class" => self.class.is_some(),
            "passengers" => self.passengers.is_some(),
            "together" => self.together.is_some(),
            "wishes" => self.wishes.is_some(),
            _ => false,
        };
        let reason = "does not belong to what is bought";
        let strange = fields.iter().filter(|field| there(field));
        let details: Vec<_> =
            strange.map(|field| app::Detail { field: (*field).to_owned(), reason: reason.to_owned() }).collect();
        if details.is_empty() { Ok(()) } else { Err(Error::fields(details)) }
    }

    fn session(&self, event: &Event) -> Result<SessionId, Error> {
        match (self.session_id, event.sessions.as_slice()) {
            (Some(session), _) => Ok(session.0),
            (None, [only]) => Ok(only.id),
            (None, _) => Err(Error::field("sessionId", "is needed: the event has several sessions")),
        }
    }
}

/// What every order needs.
struct Base {
    tenant: Tenant,
    user: UserId,
    quantity: Quantity,
    hold: HoldTime,
    contact: Reach,
    now: Timestamp,
}

impl Base {
    fn wanting(self, subject: Subject, total: Money, each: Vec<u64>, wish: Wish) -> Wanted {
        let Self { tenant, user, quantity, hold, contact, now } = self;
        Wanted { tenant, user, subject, quantity, total, each, hold, contact, now, wish, replaces: None }
    }
}

fn unknown_option() -> Error {
    Error::field("priceOptionId", "is not of this event")
}

fn explain(refused: NoOffer) -> Error {
    match refused {
        NoOffer::NotOnSale => Code::NotOnSale.into(),
        NoOffer::UnknownSession => Error::field("sessionId", "is not of this event"),
        NoOffer::UnknownOption => unknown_option(),
        NoOffer::TooMany { most } => Error::new(Code::LimitExceeded).with("maxPerOrder", most.get()),
        NoOffer::Price(wrong) => Error::field("quantity", wrong),
    }
}
