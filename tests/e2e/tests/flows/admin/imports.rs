//! Many people brought into a realm at once.

use std::time::Duration;

use palatine_domain::audit::AuditKind;
use palatine_e2e::{Admin, Answer, Person};
use reqwest::Method;
use serde_json::{Value, json};

use super::described::assert_problem;
use super::on_both;

const IMPORTS: &str = "/realms/alpha/user-imports";

const PASSWORD: &str = "hedge-violin-sunday-4";

/// Of [`PASSWORD`], made by other programs.
const HASHES: [&str; 3] = [
    "$argon2id$v=19$m=64,t=1,p=1$MYbeNSCPOyDhZkgLS7z0SA$Kkg+YI7asVB5DxH7rtWuPgK6o82OmSm4QC2KxxEsGEo",
    "$2b$04$OwR1DY/1kp2aS2/4Rqv6Iue24UdExd.vYspyrkEJDhmCKcNhp7Fde",
    "$pbkdf2-sha256$i=27500,l=32$AAECAwQFBgcICQoLDA0ODw$tixFDqyOCWlSoYfYdeVnkGBrXPJplNdTDc+7L6FJnPo",
];

async fn begun(admin: &Admin, users: &[Value]) -> String {
    let answer = admin.post(IMPORTS, json!({ "users": users })).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// Asks how far an import is until it is over.
async fn ended(admin: &Admin, id: &str) -> Value {
    for _ in 0..600 {
        let import = admin.get(&format!("{IMPORTS}/{id}")).await.success();
        if !import["finished_at"].is_null() {
            return import;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the import does not end");
}

on_both! {
    async fn people_are_imported_with_their_hashes_and_sign_in(world) {
        let alpha = world.alpha();
        let usher = Admin::service(&alpha, "usher").await;
        let mut users: Vec<Value> = (0..50).map(|number| json!({ "username": format!("person{number}"), "email": format!("p{number}@example.com"), "profile": { "name": "Person" } })).collect();
        for (user, hash) in users.iter_mut().zip(HASHES) {
            user["password_hash"] = json!(hash);
        }
        let import = ended(&usher, &begun(&usher, &users).await).await;
        assert_eq!((import["state"].as_str(), import["total"].as_u64(), import["done"].as_u64(), import["failed"].as_u64()), (Some("done"), Some(50), Some(50), Some(0)), "{import}");
        for number in 0..HASHES.len() {
            let person = Person::new(&format!("person{number}"), PASSWORD);
            alpha.web_app().sign_in(&mut alpha.browser(), &person).await;
        }
        let found = usher.get("/realms/alpha/users?identifier=p49@example.com").await.success();
        assert_eq!(found["items"][0]["username"], "person49");
        let changes = world.audit("alpha", AuditKind::UserChanged).await;
        assert_eq!(changes.len(), 50, "each as if they were made one by one");
        assert!(changes.iter().all(|event| HASHES.iter().all(|hash| !event.details.to_string().contains(hash))));
        let listed = usher.get(IMPORTS).await;
        assert_eq!(listed.success()["items"][0]["done"], 50);
        let beta = Admin::service(&world.beta(), "usher").await;
        assert!(beta.get("/realms/beta/user-imports").await.success()["items"].as_array().unwrap().is_empty());
    }

    async fn who_cannot_be_taken_is_told_and_keeps_nobody_out(world) {
        let usher = Admin::service(&world.alpha(), "usher").await;
        let users = [
            json!({ "username": "good" }),
            json!({ "username": "ada" }),
            json!({ "email": "nameless@example.com" }),
            json!({ "username": "odd", "shoe_size": 44 }),
            json!({ "username": "weak", "password_hash": "$2b$31$x" }),
            json!({ "username": "ruler", "roles": ["realm-admin"] }),
            json!({ "username": "twin", "email": "twin@example.com" }),
            json!({ "username": "other-twin", "email": "TWIN@example.com" }),
            json!({ "username": "fine", "custom": { "department": "stock" } }),
        ];
        let import = ended(&usher, &begun(&usher, &users).await).await;
        assert_eq!((import["done"].as_u64(), import["failed"].as_u64()), (Some(3), Some(6)), "{import}");
        let problems = import["problems"].as_array().unwrap();
        for (item, word) in [(2, "already"), (3, "/username"), (4, "shoe_size"), (5, "/password_hash"), (6, "rights that you do not have"), (8, "e-mail address")] {
            let problem = problems.iter().find(|problem| problem["item"] == item).unwrap_or_else(|| panic!("{item} in {import}"));
            assert!(problem["message"].as_str().unwrap().to_lowercase().contains(word), "{problem}");
        }
        let ruler = usher.get("/realms/alpha/users?identifier=ruler").await.success();
        assert!(ruler["items"].as_array().unwrap().is_empty());
    }

    async fn an_import_may_come_line_by_line_and_never_with_a_password_in_the_open(world) {
        let usher = Admin::service(&world.alpha(), "usher").await;
        let send = async |media_type: &str, body: &str| -> Answer {
            usher.ask_with(Method::POST, IMPORTS, Some((media_type, body.as_bytes().to_vec())), None).await
        };
        let lines = send("application/x-ndjson", "{\"username\": \"lin\"}\n\n{\"username\": \"kim\"}\n").await;
        assert_eq!(lines.status, 202, "{}", lines.body);
        let import = ended(&usher, lines.json()["id"].as_str().unwrap()).await;
        assert_eq!(import["done"], 2);
        for (media_type, body, status, word) in [
            ("application/x-ndjson", "{\"username\": \"x\"}\nnonsense", 400, "malformed"),
            ("application/json", "[]", 422, "invalid"),
            ("application/json", "{\"users\": []}", 422, "invalid"),
            ("application/json", "{\"people\": []}", 422, "invalid"),
            ("application/json", "{\"users\": [{\"username\": \"x\", \"password\": \"hedge-violin\"}]}", 422, "invalid"),
            ("application/json", "{\"users\": [{\"username\": \"x\", \"initial_password\": \"hedge-violin\"}]}", 422, "invalid"),
            ("text/csv", "username\nx", 415, "unsupported-media-type"),
        ] {
            assert_problem(&send(media_type, body).await, status, word, body);
        }
    }

    async fn an_import_that_is_stopped_takes_nobody_more(world) {
        let usher = Admin::service(&world.alpha(), "usher").await;
        let users: Vec<Value> = (0..2_000).map(|number| json!({ "username": format!("person{number}") })).collect();
        let id = begun(&usher, &users).await;
        let stopped = usher.post(&format!("{IMPORTS}/{id}/cancel"), json!({})).await.success();
        assert_eq!(stopped["state"], "cancelled");
        let again = usher.post(&format!("{IMPORTS}/{id}/cancel"), json!({})).await;
        assert_problem(&again, 409, "conflict", "it is over");
        let done = stopped["done"].as_u64().unwrap();
        let import = ended(&usher, &id).await;
        assert_eq!((import["state"].as_str(), import["done"].as_u64()), (Some("cancelled"), Some(done)));
        let small = ended(&usher, &begun(&usher, &[json!({ "username": "after" })]).await).await;
        assert_eq!(small["state"], "done");
        let import = usher.get(&format!("{IMPORTS}/{id}")).await.success();
        assert_eq!(import["done"].as_u64(), Some(done), "chunks of it are not done any more");
    }

    async fn who_lost_a_right_since_imports_nobody_with_it(world) {
        let alpha = world.alpha();
        let boss = Admin::service(&alpha, "boss").await;
        let users: Vec<Value> = (0..400).map(|number| json!({ "username": format!("person{number}") })).collect();
        let usher = Admin::service(&alpha, "usher").await;
        let id = begun(&usher, &users).await;
        boss.patch("/realms/alpha/clients/usher", json!({ "enabled": false })).await.success();
        let import = ended(&boss, &id).await;
        assert_eq!(import["state"], "done");
        assert!(import["failed"].as_u64().unwrap() > 0, "{import}");
        assert!(import["problems"][0]["message"].as_str().unwrap().contains("users:write"), "{}", import["problems"][0]);
    }
}
