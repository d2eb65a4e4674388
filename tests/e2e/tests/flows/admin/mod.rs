//! The admin API, as admins, operators and their programs meet it.

mod described;
mod documents;
mod held;
mod imports;
mod jobs;
mod objects;
mod operators;
mod people;
mod pictures;
mod principals;
mod refusals;
mod usage;

use palatine_e2e::{Backend, World, realms};

/// An installation whose realms have admins, and whose operators can sign in.
async fn administered(backend: Backend) -> World {
    World::builder(backend)
        .realm(realms::system())
        .realm(realms::administered("alpha", "Alpha"))
        .realm(realms::administered("beta", "Beta"))
        .start()
        .await
}

/// A test in such an installation, on both databases.
macro_rules! on_both {
    ($($(#[$attribute:meta])* async fn $name:ident($world:ident) $body:block)*) => {$(
        mod $name {
            use super::*;

            async fn scenario($world: &mut palatine_e2e::World) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let mut world = super::super::administered(palatine_e2e::Backend::Sqlite).await;
                scenario(&mut world).await;
                world.stop().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let mut world = super::super::administered(palatine_e2e::Backend::Postgres).await;
                scenario(&mut world).await;
                world.stop().await;
            }
        }
    )*};
}

use on_both;
