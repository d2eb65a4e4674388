//! The in-process harness of the end-to-end tests: a whole server on a free port, and actors who use it over HTTP.
//!
//! A [`World`] is one installation: a database of its own, a clock that the test moves, one or more running nodes. The
//! actors are what a deployment has: a [`Browser`] in the hands of a person, an [`App`] (a web, single-page or native
//! application), a [`Service`] that calls APIs for itself, and an [`Api`] that verifies what it is presented.
//!
//! No test sleeps, none depends on another, and none is skipped: a missing PostgreSQL or Redis fails, and says what to
//! install. The public URL is a name that no resolver needs to know: the actors send what is meant for it to the node,
//! as a proxy in front of it would, so that `https` issuers can be tested too.
//!
//! **To add a test**: a module of `tests/flows` is one subject; [`on_every_backend!`] runs a scenario on both databases. What an
//! actor does more than twice becomes a method here.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::missing_errors_doc,
    reason = "a test's harness fails loudly"
)]

mod admin;
mod api;
mod app;
mod ask;
mod browser;
mod certificates;
mod client_site;
mod database;
mod key_holder;
mod node;
mod process;
mod raw;
mod realm;
pub mod realms;
mod redis_place;
mod relying_party;
mod service;
mod tokens;
mod wire;
mod world;

pub use admin::{API, Admin};
pub use api::{Api, ApiRefusal};
pub use app::{App, ClientAuth};
pub use ask::{Answered, Ask, challenge_of};
pub use browser::{Browser, Cookie, Form, Landing, Page, Person, SameSite, Visit};
pub use certificates::{Authority, Issued, PairPlace};
pub use client_site::{Asked, ClientSite};
pub use database::{StoredRefreshToken, Undelivered};
pub use key_holder::KeyHolder;
pub use node::Node;
pub use palatine_protocol::endpoints::Endpoint;
pub use process::{Dev, Ended, Palatine, Running};
pub use raw::Raw;
pub use realm::RealmUnderTest;
pub use redis_place::RedisPlace;
pub use relying_party::RelyingParty;
pub use service::Service;
pub use tokens::{Tokens, claims, header};
pub use wire::{Answer, Wire, form_body};
pub use world::{Backend, World, WorldBuilder, eventually, minutes, seconds};

/// Runs each scenario once on SQLite and once on PostgreSQL, each time in a fresh [`World`] with the realms `alpha` and
/// `beta` of [`realms`]: `name::sqlite` and `name::postgres`.
#[macro_export]
macro_rules! on_every_backend {
    ($($(#[$attribute:meta])* async fn $name:ident($world:ident) $body:block)*) => {$(
        $(#[$attribute])*
        #[cfg(test)]
        mod $name {
            use super::*;

            async fn scenario($world: &mut $crate::World) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let mut world = $crate::World::on($crate::Backend::Sqlite).await;
                scenario(&mut world).await;
                world.stop().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let mut world = $crate::World::on($crate::Backend::Postgres).await;
                scenario(&mut world).await;
                world.stop().await;
            }
        }
    )*};
}

/// Runs each scenario in one fresh [`World`] on SQLite: for what does not depend on the database.
#[macro_export]
macro_rules! on_sqlite {
    ($($(#[$attribute:meta])* async fn $name:ident($world:ident) $body:block)*) => {$(
        $(#[$attribute])*
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            async fn scenario($world: &mut $crate::World) $body
            let mut world = $crate::World::on($crate::Backend::Sqlite).await;
            scenario(&mut world).await;
            world.stop().await;
        }
    )*};
}
