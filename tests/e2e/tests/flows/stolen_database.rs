//! What a thief of the database learns: no live token (PROTOCOL.md section 13, trap 17).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palatine_domain::TokenHash;
use palatine_domain::ids::{FamilyId, RowId as _, TenantScoped as _};
use palatine_e2e::{Backend, StoredRefreshToken, Tokens, World, eventually, on_every_backend, realms, seconds};
use palatine_store::OperatorProof;
use palatine_token_service::refresh_seal;
use uuid::Uuid;

fn family(row: &StoredRefreshToken) -> FamilyId {
    FamilyId::from_uuid(Uuid::from_bytes(row.family))
}

on_every_backend! {
    async fn a_sealed_successor_opens_with_its_parent_and_with_nothing_that_is_stored(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let first = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        let second = Tokens::of(&app.refresh(first.refresh()).await);
        let tenant = world.scope("alpha").await.tenant_id();
        let stored = world.stored_refresh_tokens().await;
        let sealed = stored[0].sealed_successor.as_deref().expect("inside the window");
        let open = |parent: &str| refresh_seal::open(parent, tenant, family(&stored[0]), sealed);
        assert_eq!(open(first.refresh()).unwrap(), second.refresh());
        for row in &stored {
            let hash = TokenHash::from_bytes(row.hash.as_slice().try_into().unwrap());
            for key in [hash.to_hex(), URL_SAFE_NO_PAD.encode(&row.hash), String::from_utf8_lossy(&row.hash).into_owned()] {
                assert!(open(&key).is_err());
            }
        }
        assert!(open(second.refresh()).is_err());
    }

    async fn the_use_of_a_successor_clears_it_and_old_tokens_then_give_nothing(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let first = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        let second = Tokens::of(&app.refresh(first.refresh()).await);
        Tokens::of(&app.refresh(second.refresh()).await);
        let sealed: Vec<bool> =
            world.stored_refresh_tokens().await.iter().map(|row| row.sealed_successor.is_some()).collect();
        assert_eq!(sealed, [false, true, false]);
    }

    async fn the_sweep_clears_what_nobody_came_back_for(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let first = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        Tokens::of(&app.refresh(first.refresh()).await);
        world.pass(seconds(11));
        let operator = world.node().store().as_operator(OperatorProof::job("test")).await.unwrap();
        assert_eq!(operator.sweep_sealed_successors(operator.now()).await.unwrap(), 1);
        operator.commit().await.unwrap();
        assert!(world.stored_refresh_tokens().await.iter().all(|row| row.sealed_successor.is_none()));
    }

    async fn nothing_that_could_be_presented_is_stored(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let first = app.sign_in(&mut browser, &realm.ada()).await;
        let second = Tokens::of(&app.refresh(first.refresh()).await);
        let ask = app.ask();
        let code = app.authorize(&mut browser, &realm.ada(), &ask).await.code();
        browser.open(&app.ask().with("prompt", "login").url()).await;
        let mut secrets = vec![code, first.refresh().to_owned(), second.refresh().to_owned(), first.access, second.access];
        secrets.extend(first.id.into_iter().chain([realm.ada().password, "alpha-web-secret".to_owned()]));
        let cookies: Vec<String> = browser.cookies().into_iter().map(|cookie| cookie.value).collect();
        assert!(cookies.len() >= 4, "session, state, device, interaction: {cookies:?}");
        secrets.extend(cookies);
        // The random end of a refresh token is all that counts.
        secrets.push(second.refresh.unwrap().rsplit('.').next().unwrap().to_owned());
        let dump = world.database_dump().await;
        let contains = |text: &str| dump.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(contains("ada@example.com"), "the dump is one");
        for secret in secrets {
            assert!(!contains(&secret), "{secret}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_background_sweep_runs_by_itself() {
    let world = World::builder(Backend::Sqlite)
        .realm(realms::alpha())
        .configure(|config| config.jobs.sealed_successors_seconds = 1)
        .start();
    let mut world = world.await;
    let realm = world.alpha();
    let app = realm.web_app();
    let first = app.sign_in(&mut realm.browser(), &realm.ada()).await;
    Tokens::of(&app.refresh(first.refresh()).await);
    world.pass(seconds(11));
    eventually("the sweep", seconds(5), async || {
        world.stored_refresh_tokens().await.iter().all(|row| row.sealed_successor.is_none())
    })
    .await;
    world.stop().await;
}
