//! Who a person is to a client: public subjects, and pairwise ones (OpenID Connect Core, section 8).

use palatine_e2e::{App, RealmUnderTest, Tokens, on_every_backend, on_sqlite, realms};

/// Two pairwise clients of one sector, and one of another.
const PAIRWISE: &str = "clients:
  shop-a:
    kind: web
    secret: shop-a-secret
    subject: {type: pairwise}
    scopes: {default: [openid, profile, email], optional: [\"orders:read\"]}
    redirect_uris: [\"https://sector.example.com/a\"]
    post_logout_redirect_uris: [\"https://sector.example.com/bye\"]
  shop-b:
    kind: web
    secret: shop-b-secret
    subject: {type: pairwise, sector_identifier_uri: \"https://sector.example.com/sector.json\"}
    scopes: {default: [openid, profile, email]}
    redirect_uris: [\"https://b.example.com/cb\", \"https://b.example.org/cb\"]
  shop-c:
    kind: web
    secret: shop-c-secret
    subject: {type: pairwise}
    scopes: {default: [openid, profile, email]}
    redirect_uris: [\"https://c.example.com/cb\"]
";

fn with_pairwise_clients(document: &str) -> String {
    realms::changed(document, "clients:\n", PAIRWISE)
}

fn shop(realm: &RealmUnderTest, letter: &str) -> App {
    let uri = match letter {
        "a" => "https://sector.example.com/a".to_owned(),
        other => format!("https://{other}.example.com/cb"),
    };
    realm.app(&format!("shop-{letter}"), &format!("shop-{letter}-secret"), &uri)
}

async fn signed_in(realm: &RealmUnderTest, letter: &str) -> Tokens {
    shop(realm, letter).sign_in(&mut realm.browser(), &realm.ada()).await
}

fn sub(tokens: &Tokens) -> String {
    tokens.id_claims()["sub"].as_str().unwrap_or_default().to_owned()
}

on_every_backend! {
    async fn clients_of_one_sector_know_a_person_by_one_name_and_others_by_another(world) {
        world.apply(&with_pairwise_clients(&realms::alpha())).await;
        world.apply(&with_pairwise_clients(&realms::beta())).await;
        let (alpha, beta) = (world.alpha(), world.beta());
        let a = sub(&signed_in(&alpha, "a").await);
        assert_eq!(a.len(), 43, "{a}");
        assert_eq!(sub(&signed_in(&alpha, "b").await), a, "the same sector");
        assert_eq!(sub(&signed_in(&alpha, "a").await), a, "always the same");
        let others = [
            sub(&signed_in(&alpha, "c").await),
            sub(&alpha.web_app().sign_in(&mut alpha.browser(), &alpha.ada()).await),
            sub(&shop(&alpha, "a").sign_in(&mut alpha.browser(), &alpha.grace()).await),
            sub(&signed_in(&beta, "a").await),
        ];
        assert!(others.iter().all(|other| *other != a), "{others:?}");
    }
}

on_sqlite! {
    async fn a_pairwise_subject_is_the_same_wherever_the_client_meets_it(world) {
        world.apply(&with_pairwise_clients(&realms::alpha())).await;
        let realm = world.alpha();
        let app = shop(&realm, "a");
        let tokens = app.sign_in_for(&mut realm.browser(), &realm.ada(), "openid profile orders:read").await;
        let subject = sub(&tokens);
        assert_eq!(tokens.access_claims()["sub"], subject.as_str());
        assert_eq!(realm.userinfo(&tokens.access).await.success()["sub"], subject.as_str());
        for token in [&tokens.access, tokens.refresh()] {
            let found = app.introspect(token).await.success();
            assert_eq!((&found["active"], &found["sub"]), (&true.into(), &subject.as_str().into()), "{found}");
            assert!(found.get("username").is_none(), "a name would tell more than the subject: {found}");
        }
        let renewed = Tokens::of(&app.refresh(tokens.refresh()).await);
        assert_eq!((sub(&renewed), &renewed.access_claims()["sub"]), (subject.clone(), &subject.as_str().into()));
        let seen_by_the_api = realm.api("orders-api").accept(&tokens.access, "orders:read").await.unwrap();
        assert_eq!(seen_by_the_api["sub"], subject.as_str());
    }

    async fn a_hint_with_a_pairwise_subject_means_the_person_behind_it(world) {
        world.apply(&with_pairwise_clients(&realms::alpha())).await;
        let realm = world.alpha();
        let (app, mut browser) = (shop(&realm, "a"), realm.browser());
        let ada = app.sign_in(&mut browser, &realm.ada()).await;
        let grace = app.sign_in(&mut realm.browser(), &realm.grace()).await;
        let silently = |hint: &str| app.ask().with("prompt", "none").with("id_token_hint", hint);
        let answer = browser.open(&silently(ada.id()).url()).await;
        assert!(answer.left().contains("code="), "{}", answer.left());
        let answer = browser.open(&silently(grace.id()).url()).await;
        assert!(answer.left().contains("error=login_required"), "{}", answer.left());
        // A hint that another client got is not this one's to show, even if it means the same person.
        let elsewhere = realm.web_app().sign_in(&mut realm.browser(), &realm.ada()).await;
        let answer = browser.open(&silently(elsewhere.id()).url()).await;
        assert!(answer.left().contains("error=login_required"), "{}", answer.left());
    }

    async fn a_client_that_becomes_pairwise_still_means_whom_it_meant(world) {
        let realm = world.alpha();
        let document = with_pairwise_clients(&realms::alpha());
        let public = document.replace("subject: {type: pairwise}", "subject: {type: public}");
        world.apply(&public).await;
        let (app, mut browser) = (shop(&realm, "a"), realm.browser());
        let before = app.sign_in(&mut browser, &realm.ada()).await;
        world.apply(&document).await;
        let ask = app.ask().with("prompt", "none").with("id_token_hint", before.id());
        assert!(browser.open(&ask.url()).await.left().contains("code="));
        // What was issued before keeps its subject, so that userinfo fits the ID token beside it.
        assert_eq!(realm.userinfo(&before.access).await.success()["sub"], before.id_claims()["sub"]);
        let after = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        assert_ne!(sub(&after), sub(&before));
    }

    async fn subjects_outlive_a_restart_and_every_change_of_the_realm(world) {
        world.apply(&with_pairwise_clients(&realms::alpha())).await;
        let before = sub(&signed_in(&world.alpha(), "a").await);
        let renamed = realms::changed(&with_pairwise_clients(&realms::alpha()), "\"Alpha\"", "\"Alpha Two\"");
        world.apply(&renamed).await;
        world.restart().await;
        assert_eq!(sub(&signed_in(&world.alpha(), "a").await), before);
    }
}
