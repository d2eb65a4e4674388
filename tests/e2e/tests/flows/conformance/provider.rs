//! The provider under test: a relying party knows its issuer and what it publishes.

use jsonwebtoken::Algorithm;
use palatine_domain::Ambient;
use palatine_e2e::{Answer, ClientAuth, Person, RealmUnderTest, World};
use reqwest::Method;
use serde_json::{Value, json};

use super::relying_party::RelyingParty;
use super::variant::Variant;

/// Where the suite takes answers.
pub(super) const CALLBACK: &str = "https://www.certification.openid.net/test/a/palatine/callback";

/// The realm that the suite is given.
pub(super) const REALM: &str = include_str!("../../../../../deploy/conformance/realm.yaml");

/// The provider, by its discovery document.
#[derive(Clone)]
pub(super) struct Provider {
    /// What it publishes.
    pub(super) metadata: Value,
    /// The way to it.
    pub(super) realm: RealmUnderTest,
    ambient: Ambient,
}

impl Provider {
    /// The realm of `deploy/conformance`, in this world.
    pub(super) async fn of(world: &World) -> Self {
        Self::with(world, REALM).await
    }

    /// The same with a document that was changed.
    pub(super) async fn with(world: &World, document: &str) -> Self {
        world.apply(document).await;
        let realm = world.realm("conformance");
        let url = format!("{}/.well-known/openid-configuration", realm.issuer());
        let metadata = realm.wire().get(&url).await.success();
        Self { metadata, realm, ambient: world.ambient() }
    }

    /// A text of the discovery document.
    #[track_caller]
    pub(super) fn says(&self, member: &str) -> &str {
        self.metadata[member].as_str().unwrap_or_else(|| panic!("no {member}"))
    }

    /// Whether a list of the discovery document has this word.
    #[track_caller]
    pub(super) fn lists(&self, member: &str, word: &str) -> bool {
        let list = self.metadata[member].as_array().unwrap_or_else(|| panic!("no {member}"));
        list.contains(&json!(word))
    }

    /// Seconds since the epoch.
    pub(super) fn now(&self) -> i64 {
        self.ambient.now().as_seconds()
    }

    /// A text that nobody used before.
    pub(super) fn fresh(&self) -> String {
        self.ambient.random_uuid().to_string()
    }

    /// Who signs in.
    pub(super) fn person() -> Person {
        Person::new("conformance@example.com", "conformance-password-123")
    }

    /// The suite's first client, by HTTP Basic.
    pub(super) fn client(&self, variant: Variant) -> RelyingParty {
        self.relying_party("conformance-1", ClientAuth::Basic("conformance-secret-one".to_owned()), variant)
    }

    /// The suite's second client, by a secret in the body.
    pub(super) fn second_client(&self, variant: Variant) -> RelyingParty {
        self.relying_party("conformance-2", ClientAuth::Post("conformance-secret-two".to_owned()), variant)
    }

    /// The suite's client of the plan about back-channel logout.
    pub(super) fn backchannel_client(&self, variant: Variant) -> RelyingParty {
        let secret = ClientAuth::Basic("conformance-secret-three".to_owned());
        self.relying_party("conformance-backchannel", secret, variant)
    }

    /// The suite's client of the plan about front-channel logout.
    pub(super) fn frontchannel_client(&self, variant: Variant) -> RelyingParty {
        let secret = ClientAuth::Basic("conformance-secret-four".to_owned());
        self.relying_party("conformance-frontchannel", secret, variant)
    }

    /// A client that the provider knows.
    pub(super) fn relying_party(&self, client_id: &str, auth: ClientAuth, variant: Variant) -> RelyingParty {
        let app = self.realm.app(client_id, "", CALLBACK).authenticating(auth);
        let (provider, algorithm) = (self.clone(), Algorithm::RS256);
        RelyingParty { provider, app, key: None, variant, algorithm, userinfo_algorithm: None }
    }

    /// Registers a client.
    pub(super) async fn register(&self, metadata: &Value) -> Answer {
        let url = self.says("registration_endpoint");
        Answer::of(self.realm.wire().request(Method::POST, url).json(metadata)).await
    }

    /// The keys it publishes.
    pub(super) async fn jwks(&self) -> Value {
        self.realm.wire().get(self.says("jwks_uri")).await.success()
    }

    /// Userinfo, by the token in the header.
    pub(super) async fn userinfo(&self, access_token: &str) -> Answer {
        let request = self.realm.wire().request(Method::GET, self.says("userinfo_endpoint"));
        Answer::of(request.bearer_auth(access_token)).await
    }
}
