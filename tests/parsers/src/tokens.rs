//! Tokens, held against a realm's real keys.

use std::sync::OnceLock;

use palatine_domain::tenant::{RealmProfile, RealmSettings};
use palatine_domain::{Ambient, RealmSlug};
use palatine_ephemeral::Ephemeral;
use palatine_protocol::jwk::{JwkSet, SigningAlgorithm};
use palatine_protocol::key_set::MAX_CLIENT_KEYS;
use palatine_realm::{Expiry, KeyRing, MasterKeys, PublicKeys, Realm, Resolver, ResolverSettings, unverified_claims};
use palatine_store::{OperatorProof, Store, StoreSettings};
use serde_json::{Value, json};

/// A realm's keys and what they signed, one token of each kind and algorithm.
struct Signed {
    ring: std::sync::Arc<KeyRing>,
    /// The public halves, as somebody else reads them.
    keys: PublicKeys,
    tokens: Vec<String>,
    realm: Realm,
}

/// The realm whose keys these are.
pub(crate) fn realm() -> &'static Realm {
    &signed().realm
}

/// `@ which edits…`: a signed token with some of its bytes replaced (three bytes an edit: two of the place, the new
/// byte). Anything else is a token as it stands. Nothing verifies but what was signed, to the byte.
pub(crate) fn jwt(data: &[u8]) {
    let signed = signed();
    let token = match data.split_first() {
        Some((b'@', [which, edits @ ..])) => {
            let mut token = signed.tokens[usize::from(*which) % signed.tokens.len()].clone().into_bytes();
            for edit in edits.chunks_exact(3) {
                let at = usize::from(u16::from_be_bytes([edit[0], edit[1]])) % token.len();
                token[at] = edit[2];
            }
            token
        }
        _ => data.to_vec(),
    };
    let Ok(token) = std::str::from_utf8(&token) else { return };
    let is_signed = signed.tokens.iter().any(|known| known == token);
    assert_eq!(signed.ring.verify(token, Expiry::Ignored).is_ok(), is_signed, "{token}");
    assert_eq!(signed.ring.verify_hint(token).is_ok(), is_signed, "{token}");
    // The same keys as a client's: what it signed, to the byte, and by the algorithm that was allowed.
    let verified = signed.keys.verify(token, SigningAlgorithm::ALL);
    assert_eq!(verified.is_ok(), is_signed, "{token}");
    assert!(signed.keys.verify(token, &[]).is_err());
    if let Ok(verified) = verified {
        assert!(signed.keys.verify(token, &[verified.algorithm]).is_ok());
        assert_eq!(unverified_claims(token).ok(), Some(verified.claims));
    }
}

/// A set that a client may register has public keys alone, at least one of which verifies, and is written and read back
/// as the same.
pub(crate) fn client_key_set(data: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(data) else { return };
    let Ok(set) = JwkSet::of_client(&value) else { return };
    assert!(set.keys.len() <= MAX_CLIENT_KEYS && set.keys.iter().any(|key| !key.verifies().is_empty()));
    for key in value["keys"].as_array().expect("an array") {
        assert!(["d", "p", "q", "dp", "dq", "qi", "oth", "k"].iter().all(|private| key.get(private).is_none()));
    }
    let written = serde_json::to_value(&set).expect("it can be written");
    assert_eq!(JwkSet::of_client(&written).expect("and read"), set);
    let nothing = PublicKeys::new(&set).verify("e30.e30.", SigningAlgorithm::ALL);
    assert!(nothing.is_err());
}

fn signed() -> &'static Signed {
    static SIGNED: OnceLock<Signed> = OnceLock::new();
    SIGNED.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        let signed = runtime.block_on(sign());
        runtime.shutdown_background();
        signed
    })
}

/// In a database of its own, as a server has them.
async fn sign() -> Signed {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = StoreSettings::at(format!("sqlite://{}", folder.path().join("palatine.db").display()));
    Store::migrate(&settings).await.expect("a schema");
    let ambient = Ambient::system();
    let store = Store::connect(&settings, ambient.clone()).await.expect("a store");
    let slug = RealmSlug::parse("acme").expect("a slug");
    let operator = store.as_operator(OperatorProof::command("fuzzing")).await.expect("an operator");
    let tx = operator.create_tenant(&slug, RealmProfile::Standard).await.expect("a realm");
    let chosen: RealmSettings = serde_json::from_value(json!({ "display_name": "Acme" })).expect("settings");
    tx.settings().put(&chosen).await.expect("kept");
    tx.commit().await.expect("committed");
    let url = "https://id.example.com".parse().expect("a URL");
    let masters = MasterKeys::new(&[[7; 32]]).expect("a master key");
    let ephemeral = Ephemeral::memory(ambient.clone());
    let resolver = Resolver::new(ResolverSettings::new(url), store.clone(), ephemeral, masters, ambient);
    let resolver = resolver.expect("a resolver");
    let realm = resolver.by_slug("acme").await.expect("the realm");
    for &algorithm in SigningAlgorithm::ALL {
        realm.keys_for(algorithm).await.expect("keys");
    }
    let realm = resolver.by_slug("acme").await.expect("the realm");
    let ring = realm.keys_for(SigningAlgorithm::EdDSA).await.expect("keys");
    let claims = json!({ "iss": realm.issuer(), "sub": "ada", "exp": 4_102_444_800_i64 });
    let sign = |algorithm: SigningAlgorithm, typ: &str| ring.sign(algorithm, typ, &claims).expect("a token");
    let kinds = SigningAlgorithm::ALL.iter().flat_map(|algorithm| ["at+jwt", "JWT"].map(|typ| (*algorithm, typ)));
    let tokens = kinds.map(|(algorithm, typ)| sign(algorithm, typ)).collect();
    store.close().await;
    Signed { tokens, keys: PublicKeys::new(&ring.jwk_set()), ring, realm }
}
