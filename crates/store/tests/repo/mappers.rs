//! Claim mappers.

use palatine_domain::mapper::{MAX_MAPPERS_PER_OWNER, MapperOwner, MapperRule};

use crate::filled::mapper;
use crate::support::{TestStore, on_both_databases};
use crate::world::{World, conflict_about};

on_both_databases! {
    async fn mappers_are_each_tenants_own(db) {
        let world = World::on(db).await;
        let before = world.version().await;
        let (mine, theirs) = (&world.t1.mapper, &world.t2.mapper);
        let other = MapperRule::Audience("app".to_owned());
        let tx = world.write().await;
        assert_eq!(tx.claim_mappers().list().await.unwrap(), std::slice::from_ref(mine));
        assert_eq!(tx.claim_mappers().by_id(mine.id).await.unwrap().as_ref(), Some(mine));
        assert_eq!(tx.claim_mappers().by_id(theirs.id).await.unwrap(), None);
        assert!(!tx.claim_mappers().update(theirs.id, &other).await.unwrap());
        assert!(!tx.claim_mappers().delete(theirs.id).await.unwrap());
        assert!(tx.claim_mappers().update(mine.id, &other).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(world.version().await, before + 1);
        assert_eq!(world.read().await.claim_mappers().by_id(mine.id).await.unwrap().unwrap().rule, other);
        let tx = world.write().await;
        assert!(tx.claim_mappers().delete(mine.id).await.unwrap());
        assert!(!tx.claim_mappers().delete(mine.id).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(world.read_other().await.claim_mappers().list().await.unwrap(), std::slice::from_ref(theirs));
    }

    async fn a_name_stands_once_in_its_owner_and_an_owner_has_a_bounded_number(db) {
        let world = World::on(db).await;
        let (client, scope) = (MapperOwner::Client(world.t1.client.key), MapperOwner::Scope(world.t1.orders.id));
        let tx = world.write().await;
        conflict_about(tx.claim_mappers().insert(&mapper(world.ambient(), client, "audience")).await, "claim mapper");
        tx.claim_mappers().insert(&mapper(world.ambient(), scope, "audience")).await.unwrap();
        for number in 1..MAX_MAPPERS_PER_OWNER {
            tx.claim_mappers().insert(&mapper(world.ambient(), client, &number.to_string())).await.unwrap();
        }
        let one_more = mapper(world.ambient(), client, "one more");
        conflict_about(tx.claim_mappers().insert(&one_more).await, "claim mappers");
    }

    async fn a_mapper_goes_with_its_owner_and_has_none_in_another_tenant(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        tx.claim_mappers().insert(&mapper(world.ambient(), MapperOwner::Scope(world.t1.orders.id), "x")).await.unwrap();
        assert!(tx.scopes().delete(world.t1.orders.id).await.unwrap());
        assert!(tx.clients().delete(world.t1.client.key).await.unwrap());
        assert!(tx.claim_mappers().list().await.unwrap().is_empty());
        let foreign = mapper(world.ambient(), MapperOwner::Client(world.t2.client.key), "x");
        conflict_about(tx.claim_mappers().insert(&foreign).await, "reference");
    }
}
