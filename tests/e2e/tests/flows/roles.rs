//! Roles and groups in tokens and userinfo: whose, through what, and who is shown them.

use palatine_domain::identifier::NormalisedIdentifier;
use palatine_e2e::{App, RealmUnderTest, Tokens, World, on_every_backend, on_sqlite, realms};
use serde_json::{Value, json};

/// Roles of the realm and of clients, groups one below the other, a service with roles, an API that is a client too.
const ACCESS: &str = "roles:
  clerk: {}
  manager: {composites: [clerk, stock/counter]}
  secret-keeper: {}
groups:
  staff:
    roles: [clerk]
    groups:
      board: {roles: [manager]}
clients:
  stock:
    name: Stock
    kind: service
    secret: stock-secret
    roles: [manager, panel/viewer]
    client_roles: {counter: {}, owner: {}}
    scopes: {default: [roles], optional: [\"orders:read\"]}
  panel:
    kind: web
    secret: panel-secret
    client_roles: {viewer: {}}
    realm_roles_in_tokens: [clerk]
    scopes: {default: [openid, profile, email], optional: [roles, groups, \"stock:read\", \"orders:read\"]}
    redirect_uris: [\"https://panel.example.com/callback\"]
";

const STOCK_API: &str = "apis:
  stock:
    client: stock
    scopes: {\"stock:read\": See the stock}
";

fn document() -> String {
    let document = realms::changed(&realms::alpha(), "clients:\n", ACCESS);
    let document = realms::changed(&document, "apis:\n", STOCK_API);
    let document = realms::changed(
        &document,
        "  ada:\n",
        "  ada:\n    roles: [secret-keeper, panel/viewer]\n    groups: [staff/board]\n",
    );
    realms::changed(&document, "optional: [offline_access, phone,", "optional: [roles, groups, offline_access, phone,")
}

async fn applied(world: &World) -> RealmUnderTest {
    world.apply(&document()).await;
    world.alpha()
}

fn panel(realm: &RealmUnderTest) -> App {
    realm.app("panel", "panel-secret", "https://panel.example.com/callback")
}

async fn signed_in(realm: &RealmUnderTest, app: &App, scope: &str) -> Tokens {
    app.sign_in_for(&mut realm.browser(), &realm.ada(), scope).await
}

fn is_silent(claims: &Value) -> bool {
    ["roles", "groups", "realm_access", "resource_access"].iter().all(|name| claims.get(name).is_none())
}

on_every_backend! {
    async fn a_persons_roles_come_through_groups_above_and_composites(world) {
        let realm = applied(world).await;
        let tokens = signed_in(&realm, &realm.web_app(), "openid roles groups").await;
        let claims = tokens.access_claims();
        let roles = json!(["clerk", "manager", "secret-keeper"]);
        assert_eq!((&claims["realm_access"]["roles"], &claims["roles"]), (&roles, &roles));
        assert_eq!(claims["groups"], json!(["staff", "staff/board"]));
        assert!(claims.get("resource_access").is_none(), "the token is for none of the clients that have roles: {claims}");
        let userinfo = realm.userinfo(&tokens.access).await.success();
        assert_eq!((&userinfo["roles"], &userinfo["groups"]), (&roles, &claims["groups"]));
        assert!(is_silent(&tokens.id_claims()), "profile claims are for userinfo");
        // Somebody without any is told nothing, not an empty list.
        let grace = realm.web_app().sign_in_for(&mut realm.browser(), &realm.grace(), "openid roles groups").await;
        assert!(is_silent(&grace.access_claims()));
    }

    async fn a_role_that_is_given_or_taken_shows_at_the_next_issuance(world) {
        let realm = applied(world).await;
        let app = realm.web_app();
        let tokens = signed_in(&realm, &app, "openid roles groups").await;
        let rows = world.rows("alpha").await;
        let ada = NormalisedIdentifier::parse("ada").expect("a name");
        let ada = rows.users().by_identifier(&ada).await.expect("a store").expect("a user");
        let keeper = rows.roles().by_name(None, "secret-keeper").await.expect("a store").expect("a role");
        assert!(rows.roles().unassign_from_user(keeper.id, ada.id).await.expect("a store"));
        rows.commit().await.expect("a commit");
        let renewed = Tokens::of(&app.refresh(tokens.refresh()).await);
        assert_eq!(renewed.access_claims()["roles"], json!(["clerk", "manager"]));
        assert_eq!(realm.userinfo(&tokens.access).await.success()["roles"], json!(["clerk", "manager"]));

        let rows = world.rows("alpha").await;
        let staff = rows.groups().by_name(None, "staff").await.expect("a store").expect("a group");
        let board = rows.groups().by_name(Some(staff.id), "board").await.expect("a store").expect("a group");
        let manager = rows.roles().by_name(None, "manager").await.expect("a store").expect("a role");
        assert!(rows.roles().unassign_from_group(manager.id, board.id).await.expect("a store"));
        rows.commit().await.expect("a commit");
        let renewed = Tokens::of(&app.refresh(renewed.refresh()).await);
        assert_eq!(renewed.access_claims()["roles"], json!(["clerk"]));
    }
}

on_sqlite! {
    async fn without_the_scopes_nothing_is_said_about_roles_or_groups(world) {
        let realm = applied(world).await;
        let tokens = signed_in(&realm, &realm.web_app(), "openid profile email").await;
        assert!(is_silent(&tokens.access_claims()));
        assert!(is_silent(&realm.userinfo(&tokens.access).await.success()));
        let roles_alone = signed_in(&realm, &realm.web_app(), "openid roles").await.access_claims();
        assert!(roles_alone.get("groups").is_none() && roles_alone.get("roles").is_some());
        let groups_alone = signed_in(&realm, &realm.web_app(), "openid groups").await.access_claims();
        assert!(groups_alone.get("roles").is_none() && groups_alone.get("realm_access").is_none());
    }

    async fn a_client_sees_the_realm_roles_of_its_list_and_the_client_roles_of_the_audiences_and_its_own(world) {
        let realm = applied(world).await;
        let app = panel(&realm);
        let claims = signed_in(&realm, &app, "openid roles").await.access_claims();
        assert_eq!((&claims["realm_access"]["roles"], &claims["roles"]), (&json!(["clerk"]), &json!(["clerk"])));
        assert_eq!(claims["resource_access"], json!({"panel": {"roles": ["viewer"]}}));
        let for_stock = signed_in(&realm, &app, "openid roles stock:read").await.access_claims();
        assert_eq!(for_stock["aud"], "stock", "client and API are one registration");
        let expected = json!({"panel": {"roles": ["viewer"]}, "stock": {"roles": ["counter"]}});
        assert_eq!(for_stock["resource_access"], expected);
        let for_orders = signed_in(&realm, &app, "openid roles orders:read").await.access_claims();
        assert!(for_orders["resource_access"].get("stock").is_none(), "{for_orders}");
    }

    async fn the_switch_shows_every_role(world) {
        let all = realms::changed(&document(), "realm_roles_in_tokens: [clerk]", "all_roles_in_tokens: true");
        world.apply(&all).await;
        let realm = world.alpha();
        let claims = signed_in(&realm, &panel(&realm), "openid roles").await.access_claims();
        assert_eq!(claims["roles"], json!(["clerk", "manager", "secret-keeper"]));
        let expected = json!({"panel": {"roles": ["viewer"]}, "stock": {"roles": ["counter"]}});
        assert_eq!(claims["resource_access"], expected);
    }

    async fn a_service_account_has_roles_of_its_own(world) {
        let realm = applied(world).await;
        let stock = realm.app("stock", "stock-secret", "");
        let claims = Tokens::of(&stock.client_credentials(&[]).await).access_claims();
        assert_eq!(claims["realm_access"]["roles"], json!(["clerk", "manager"]));
        assert_eq!(claims["resource_access"], json!({"stock": {"roles": ["counter"]}}), "not the panel's: it is no audience");
        assert_eq!(claims["token_use"], "service");
        let without = Tokens::of(&stock.client_credentials(&[("scope", "orders:read")]).await).access_claims();
        assert!(is_silent(&without), "{without}");
    }

    async fn a_narrower_refresh_shows_no_roles_and_never_more_than_was_granted(world) {
        let realm = applied(world).await;
        let app = realm.web_app();
        let tokens = signed_in(&realm, &app, "openid roles groups").await;
        let narrow = Tokens::of(&app.refresh_with(tokens.refresh(), &[("scope", "openid")]).await);
        assert!(is_silent(&narrow.access_claims()));
        let plain = signed_in(&realm, &app, "openid").await;
        app.refresh_with(plain.refresh(), &[("scope", "openid roles")]).await.assert_refused(400, "invalid_scope");
    }

    async fn a_resource_server_learns_the_roles_by_introspection_and_strangers_do_not(world) {
        let realm = applied(world).await;
        let tokens = signed_in(&realm, &panel(&realm), "openid roles groups stock:read").await;
        let claims = tokens.access_claims();
        let stock = realm.app("stock", "stock-secret", "");
        let found = stock.introspect(&tokens.access).await.success();
        for same in ["realm_access", "resource_access", "roles", "groups"] {
            assert_eq!((found[same].is_null(), &found[same]), (false, &claims[same]), "{same}");
        }
        assert!(!realm.service("stranger").app.finds_active(&tokens.access).await);
    }

    async fn roles_of_one_realm_are_none_in_another(world) {
        applied(world).await;
        let beta = realms::changed(&realms::beta(), "optional: [offline_access, phone,", "optional: [roles, groups, offline_access, phone,");
        world.apply(&beta).await;
        let realm = world.beta();
        assert!(is_silent(&signed_in(&realm, &realm.web_app(), "openid roles groups").await.access_claims()));
    }

    async fn a_client_with_profile_claims_in_its_id_tokens_finds_roles_there(world) {
        let document = realms::changed(&document(), "profile_claims_in_id_token: true\n    scopes: {default: [openid, profile, email]}", "profile_claims_in_id_token: true\n    scopes: {default: [openid, profile, email, roles, groups]}");
        world.apply(&document).await;
        let realm = world.alpha();
        let id = signed_in(&realm, &realm.es_app(), "openid roles groups").await.id_claims();
        assert_eq!((&id["roles"][0], &id["groups"][0]), (&json!("clerk"), &json!("staff")));
    }
}
