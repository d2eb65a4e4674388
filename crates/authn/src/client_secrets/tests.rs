use std::time::Duration;

use futures_util::future::join_all;
use palatine_domain::client::{ClientAuthMethod, ClientId, ClientKind, ClientSettings};
use palatine_domain::ids::ClientKey;
use uuid::Uuid;

use super::*;
use crate::hashing::{HashCounts, HashSettings};

const NOW: Instant = Instant::from_seconds(1_000);

struct World {
    pool: HashPool,
    secrets: ClientSecrets,
    tenant: TenantId,
}

impl World {
    fn new() -> Self {
        let settings = HashSettings { memory_kib: 64, iterations: 1, threads: Some(1), ..HashSettings::default() };
        let pool = HashPool::start(&settings, Ambient::system()).unwrap();
        let secrets = ClientSecrets::new(pool.clone(), &Ambient::system());
        Self { pool, secrets, tenant: TenantId::from_uuid(Uuid::from_u128(1)) }
    }

    async fn imported(&self, number: u128, text: &str) -> ClientSecret {
        let phc = self.pool.hash(self.tenant, Lane::Clients, SecretText::new(text)).await.unwrap();
        secret(number, SecretVerifier::Argon2id(phc))
    }

    async fn verify(&self, client: &Client, presented: &str) -> Result<Option<u128>, HashError> {
        let found = self.secrets.verify(self.tenant, client, &SecretText::new(presented), NOW).await?;
        Ok(found.map(|id| id.as_uuid().as_u128()))
    }

    fn compared(&self) -> u64 {
        let HashCounts { verified, .. } = self.pool.counts();
        verified
    }
}

fn secret(number: u128, verifier: SecretVerifier) -> ClientSecret {
    ClientSecret {
        id: ClientSecretId::from_uuid(Uuid::from_u128(number)),
        label: String::new(),
        hint: String::new(),
        verifier,
        created_at: Instant::EPOCH,
        expires_at: None,
        last_used_at: None,
    }
}

fn client(secrets: Vec<ClientSecret>) -> Client {
    Client {
        key: ClientKey::from_uuid(Uuid::from_u128(9)),
        client_id: ClientId::parse("shop").unwrap(),
        name: "Shop".to_owned(),
        enabled: true,
        settings: ClientSettings::new(ClientKind::Service, ClientAuthMethod::ClientSecretBasic, vec![]),
        scopes: vec![],
        linked_apis: vec![],
        secrets,
    }
}

#[tokio::test]
async fn a_generated_secret_is_never_hashed() {
    let world = World::new();
    let client = client(vec![
        secret(1, SecretVerifier::Sha256(TokenHash::of("first"))),
        secret(2, SecretVerifier::Sha256(TokenHash::of("second"))),
    ]);
    assert_eq!(world.verify(&client, "second").await, Ok(Some(2)));
    assert_eq!(world.verify(&client, "third").await, Ok(None));
    assert_eq!(world.compared(), 0);
}

#[tokio::test]
async fn an_imported_secret_is_hashed_once() {
    let world = World::new();
    let client = client(vec![world.imported(1, "chosen by hand").await]);
    for _ in 0..20 {
        assert_eq!(world.verify(&client, "chosen by hand").await, Ok(Some(1)));
    }
    assert_eq!(world.compared(), 1);
}

#[tokio::test]
async fn requests_that_come_together_share_one_hash() {
    let world = World::new();
    let client = client(vec![world.imported(1, "chosen by hand").await]);
    let found = join_all((0..200).map(|_| world.verify(&client, "chosen by hand"))).await;
    assert!(found.iter().all(|found| *found == Ok(Some(1))));
    assert_eq!(world.compared(), 1);
    assert!(world.secrets.inner.under_way.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_wrong_secret_is_hashed_each_time_and_never_remembered() {
    let world = World::new();
    let client = client(vec![world.imported(1, "chosen by hand").await]);
    for _ in 0..3 {
        assert_eq!(world.verify(&client, "guessed").await, Ok(None));
    }
    assert_eq!(world.compared(), 3);
    assert_eq!(world.verify(&client, "chosen by hand").await, Ok(Some(1)));
}

#[tokio::test]
async fn an_expired_secret_matches_nothing_even_if_it_is_remembered() {
    let world = World::new();
    let mut client = client(vec![
        world.imported(1, "chosen by hand").await,
        secret(2, SecretVerifier::Sha256(TokenHash::of("generated"))),
    ]);
    assert_eq!(world.verify(&client, "chosen by hand").await, Ok(Some(1)));
    for secret in &mut client.secrets {
        secret.expires_at = Some(NOW);
    }
    assert_eq!(world.verify(&client, "chosen by hand").await, Ok(None));
    assert_eq!(world.verify(&client, "generated").await, Ok(None));
    for secret in &mut client.secrets {
        secret.expires_at = Some(NOW.plus(Duration::from_secs(1)));
    }
    assert_eq!(world.verify(&client, "generated").await, Ok(Some(2)));
}

#[tokio::test]
async fn a_changed_secret_is_forgotten_at_once() {
    let world = World::new();
    let before = client(vec![world.imported(1, "old").await]);
    let after = client(vec![world.imported(1, "new").await]);
    assert_eq!(world.verify(&before, "old").await, Ok(Some(1)));
    assert_eq!(world.verify(&after, "old").await, Ok(None));
    assert_eq!(world.verify(&after, "new").await, Ok(Some(1)));
}

#[tokio::test]
async fn what_is_remembered_for_one_client_or_tenant_opens_no_other() {
    let world = World::new();
    let secret = world.imported(1, "shared by mistake").await;
    let first = client(vec![secret.clone()]);
    let second = Client { key: ClientKey::from_uuid(Uuid::from_u128(10)), ..first.clone() };
    assert_eq!(world.verify(&first, "shared by mistake").await, Ok(Some(1)));
    assert_eq!(world.verify(&second, "shared by mistake").await, Ok(Some(1)));
    assert_eq!(world.compared(), 2);
    let elsewhere = TenantId::from_uuid(Uuid::from_u128(2));
    let presented = SecretText::new("shared by mistake");
    world.secrets.verify(elsewhere, &first, &presented, NOW).await.unwrap();
    assert_eq!(world.compared(), 3);
}

#[tokio::test]
async fn no_more_than_two_imported_secrets_are_tried() {
    let world = World::new();
    let client =
        client(vec![world.imported(1, "one").await, world.imported(2, "two").await, world.imported(3, "three").await]);
    assert_eq!(world.verify(&client, "two").await, Ok(Some(2)));
    assert_eq!(world.compared(), 2);
    assert_eq!(world.verify(&client, "three").await, Ok(None));
    assert_eq!(world.compared(), 4);
}

#[tokio::test]
async fn an_overlong_or_unreadable_secret_matches_nothing() {
    let world = World::new();
    let client = client(vec![secret(1, SecretVerifier::Argon2id("no hash".to_owned()))]);
    assert_eq!(world.verify(&client, "no hash").await, Ok(None));
    assert_eq!(world.verify(&client, &"x".repeat(513)).await, Ok(None));
    assert_eq!(world.compared(), 0);
}

#[test]
fn the_memory_is_bounded_and_keeps_what_is_asked_for() {
    let mut memory = Generations::new(10);
    let tag = |number: u8| [number; 32];
    memory.insert(tag(0));
    for number in 1..=200 {
        memory.insert(tag(number));
        if matches!(memory.find(&tag(0)), Found::Old) {
            memory.insert(tag(0));
        }
        assert!(memory.young.len() <= 10 && memory.old.len() <= 10);
    }
    assert!(!matches!(memory.find(&tag(0)), Found::No));
    assert!(matches!(memory.find(&tag(5)), Found::No));
}
