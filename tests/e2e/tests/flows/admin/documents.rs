//! A realm as its whole document: put and read through the API, by admins, operators and `palatine apply --server`.

use palatine_domain::audit::{Actor, AuditKind};
use palatine_e2e::{Admin, Answer, Backend, Ended, Palatine, Person, World, realms};
use reqwest::Method;
use serde_json::{Value, json};

use super::described::assert_problem;
use super::on_both;

const YAML: &str = "application/yaml";

/// Of `hedge-violin-sunday-4`, made by another program.
const HASH: &str = "$2b$04$OwR1DY/1kp2aS2/4Rqv6Iue24UdExd.vYspyrkEJDhmCKcNhp7Fde";

/// A document about a realm.
fn document(realm: &str, body: &str) -> String {
    format!("apiVersion: palatine/v1\nkind: Realm\nrealm: {realm}\n{body}")
}

async fn put(admin: &Admin, realm: &str, query: &str, yaml: &str) -> Answer {
    admin.send(Method::PUT, &format!("/realms/{realm}/document{query}"), YAML, yaml).await
}

async fn read(admin: &Admin, realm: &str) -> String {
    let answer = admin.get(&format!("/realms/{realm}/document")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some(YAML)), "{}", answer.body);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.body
}

/// What a report says was done.
fn told(report: &Value) -> Vec<String> {
    let word = |change: &Value, name: &str| change[name].as_str().unwrap().to_owned();
    let changes = report["changes"].as_array().unwrap().iter();
    changes.map(|change| ["what", "name", "act"].map(|name| word(change, name)).join(" ")).collect()
}

/// Where a refusal says that something is wrong.
fn pointers(answer: &Answer) -> Vec<String> {
    assert_problem(answer, 422, "invalid", "a document");
    let errors = answer.json()["errors"].as_array().unwrap().clone();
    errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
}

on_both! {
    async fn a_document_is_read_changed_tried_and_put(world) {
        let boss = Admin::service(&world.alpha(), "boss").await;
        let now = read(&boss, "alpha").await;
        assert_eq!(put(&boss, "alpha", "", &now).await.success()["changes"], json!([]), "what was read changes nothing");
        let wanted = realms::changed(&now, "name: Web shop", "name: Shop of shops");
        let wanted = format!("{wanted}  newcomer:\n    initial_password: canary-meadow-copper-9\n");
        let report = put(&boss, "alpha", "?dry_run=true", &wanted).await.success();
        assert_eq!(told(&report), ["client web-app updated", "user newcomer created"]);
        assert_eq!((&report["realm"], &report["created"], &report["dry_run"]), (&json!("alpha"), &json!(false), &json!(true)));
        let difference = json!({ "at": "/name", "before": "Web shop", "after": "Shop of shops" });
        assert_eq!(report["changes"][0]["differences"], json!([difference]));
        assert_eq!(read(&boss, "alpha").await, now, "nothing was written");
        assert!(world.audit("alpha", AuditKind::ConfigurationApplied).await.len() == 1, "the test's own");

        let done = put(&boss, "alpha", "", &wanted).await.success();
        assert_eq!((told(&done), &done["dry_run"]), (told(&report), &json!(false)));
        assert!(!done.to_string().contains("canary"), "{done}");
        assert!(read(&boss, "alpha").await.contains("name: Shop of shops"));
        let events = world.audit("alpha", AuditKind::ConfigurationApplied).await;
        assert!(matches!(events[0].actor, Actor::Client(_)), "{:?}", events[0]);
        assert_eq!(events[0].details["changes"][0]["differences"], json!([difference]));
        assert!(!events[0].details.to_string().contains("canary") && events[0].request_id.is_some());
        let newcomer = Person::new("newcomer", "canary-meadow-copper-9");
        assert_eq!(world.alpha().direct_app().password(&newcomer, &[]).await.status, 200);

        let without_people = boss.get("/realms/alpha/document?users=false").await.body;
        assert!(without_people.contains("web-app:") && !without_people.contains("newcomer"));
        let fewer = put(&boss, "alpha", "?prune=true&prune_users=true&dry_run=true", &now).await.success();
        assert_eq!(told(&fewer), ["client web-app updated", "user newcomer removed"]);
        let fewer = put(&boss, "alpha", "?prune=true", &now).await.success();
        assert_eq!(told(&fewer), ["client web-app updated"], "people stay");
    }

    async fn json_says_the_same_as_yaml(world) {
        let boss = Admin::service(&world.alpha(), "boss").await;
        let path = "/realms/alpha/document?dry_run=true";
        let wish = json!({
            "apiVersion": "palatine/v1", "kind": "Realm", "realm": "alpha", "display_name": "Alpha",
            "policy": { "rate_limits": { "enabled": false } }, "roles": { "reader": { "description": "Reads 😀" } },
        });
        let report = boss.put(path, wish).await.success();
        let yaml = document("alpha", "display_name: Alpha\npolicy: {rate_limits: {enabled: false}}\nroles: {reader: {description: Reads 😀}}\n");
        assert_eq!(report, put(&boss, "alpha", "?dry_run=true", &yaml).await.success());
        assert_eq!(told(&report), ["role reader created"]);
        let wrong = boss.put(path, json!({ "apiVersion": "palatine/v1", "kind": "Realm", "realm": "alpha", "clients": { "a/b": { "kin": "web" } } })).await;
        assert_eq!(pointers(&wrong), ["/clients/a~1b/kin"]);
        assert!(wrong.body.contains("did you mean `kind`"), "{}", wrong.body);
    }

    async fn what_a_request_may_not_say_is_refused_at_its_place(world) {
        let boss = Admin::service(&world.alpha(), "boss").await;
        let now = read(&boss, "alpha").await;
        for (body, pointer, words) in [
            ("clients:\n  job: {kind: service, secret: 'env:PATH'}\n", "/clients/job/secret", "`env:` is looked up"),
            ("clients:\n  job: {kind: service, secrets: {a/b: 'file:/etc/hostname'}}\n", "/clients/job/secrets/a~1b", "`file:` is looked up"),
            ("users:\n  eve: {initial_password: 'env:PATH'}\n", "/users/eve/initial_password", "`env:`"),
            ("users:\n  eve: {initial_password: 'generated:eve'}\n", "/users/eve/initial_password", "`generated:`"),
            ("users:\n  eve: {password_hash: '$argon2id$v=19$m=999999,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNo'}\n", "/users/eve/password_hash", "cannot be used"),
            ("clients:\n  job: {kind: service, secret_hashes: {a: {hash: 'sha256:47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU'}}}\n", "/clients/job/secret_hashes", "at the database alone"),
            ("profile: insecure-demo\n", "/profile", "keeps its profile"),
            ("users:\n  eve: {initial_password: password}\n", "/users/eve/initial_password", "easy to guess"),
            ("users:\n  eve: {roles: [none-such]}\n", "/users/eve/roles/0", "no role `none-such`"),
            ("nonsense: 1\n", "", "line 4, column 1: unknown key `nonsense`"),
            ("---\napiVersion: palatine/v1\nkind: Realm\nrealm: alpha\n", "", "send one document"),
            ("a: [\n", "", "this is no YAML"),
        ] {
            let answer = put(&boss, "alpha", "", &document("alpha", body)).await;
            assert_eq!(pointers(&answer), [pointer], "{body}: {}", answer.body);
            assert!(answer.body.contains(words), "{body}: {}", answer.body);
        }
        let of_another = put(&boss, "alpha", "", &document("beta", "")).await;
        assert_eq!(pointers(&of_another), ["/realm"]);
        let plain = put(&boss, "alpha", "?dry_run=true", &document("alpha", "clients:\n  job: {kind: service, secret: 'plain:env:x'}\n")).await;
        assert_eq!(plain.status, 200, "{}", plain.body);
        let path = "/realms/alpha/document";
        assert_problem(&boss.send(Method::PUT, path, "text/plain", &now).await, 415, "unsupported-media-type", "text");
        assert_problem(&put(&boss, "alpha", "?prune_users=true", &now).await, 400, "malformed", "people alone");
        assert_eq!(read(&boss, "alpha").await, now);
    }

    async fn people_come_with_the_hashes_that_another_system_made(world) {
        let boss = Admin::service(&world.alpha(), "boss").await;
        let now = read(&boss, "alpha").await;
        let done = put(&boss, "alpha", "", &format!("{now}  eve:\n    password_hash: {HASH}\n")).await;
        assert_eq!(told(&done.success()), ["user eve created"]);
        assert!(!done.body.contains("$2b$"), "{}", done.body);
        assert!(!read(&boss, "alpha").await.contains("$2b$"));
        let eve = Person::new("eve", "hedge-violin-sunday-4");
        assert_eq!(world.alpha().direct_app().password(&eve, &[]).await.status, 200);
    }

    async fn whoever_may_not_do_all_of_it_may_do_none_of_it(world) {
        let clerk = Admin::service(&world.alpha(), "clerk").await;
        let wish = document("alpha", "clients:\n  job: {kind: service}\n");
        let refused = put(&clerk, "alpha", "", &wish).await;
        assert_problem(&refused, 403, "forbidden", "a client manager, a document of a client");
        let nonsense = put(&clerk, "alpha", "", "nonsense").await;
        assert_problem(&nonsense, 403, "forbidden", "nothing is read for whoever may not");
    }

    async fn in_the_realm_of_operators_a_realm_admin_makes_no_operator(world) {
        let operator = Admin::operator(world).await;
        let keeper = document("system", "display_name: Palatine\nusers:\n  keeper: {roles: [realm-admin], initial_password: keeper-copper-meadow-9}\n");
        assert_eq!(told(&put(&operator, "system", "", &keeper).await.success()), ["user keeper created"]);
        let keeper = Admin::person(&world.realm("system"), &Person::new("keeper", "keeper-copper-meadow-9")).await;
        let users = |users: &str| document("system", &format!("display_name: Palatine\nusers:\n{users}"));
        for wish in [
            "  keeper: {roles: [realm-admin, operator-admin]}\n",
            "  imp: {roles: [operator-support]}\n",
            "  operator: {email: mine@example.com, roles: [operator-admin, realm-admin]}\n",
        ] {
            let refused = put(&keeper, "system", "", &users(wish)).await;
            assert_problem(&refused, 403, "forbidden", wish);
        }
        let pruned = put(&keeper, "system", "?prune=true&prune_users=true", &users("  keeper: {roles: [realm-admin]}\n")).await;
        assert_problem(&pruned, 403, "forbidden", "operators are not removed by somebody weaker");
        let own = put(&keeper, "system", "", &users("  keeper: {email: keeper@example.com, roles: [realm-admin]}\n")).await;
        assert_eq!(told(&own.success()), ["user keeper updated"]);
    }

    async fn an_operator_makes_a_realm_of_a_document_whole_or_not_at_all(world) {
        let operator = Admin::operator(world).await;
        let wish = document("gamma", "display_name: Gamma\nusers:\n  gus: {initial_password: gus-copper-meadow-9}\n");
        let report = put(&operator, "gamma", "?dry_run=true", &wish).await.success();
        assert_eq!(told(&report)[0], "realm gamma created");
        assert_eq!(operator.get("/realms/gamma").await.status, 404, "only told");
        let wrong = put(&operator, "gamma", "", &format!("{wish}  eve: {{roles: [none-such]}}\n")).await;
        assert_eq!(pointers(&wrong), ["/users/eve/roles/0"]);
        assert_eq!(operator.get("/realms/gamma").await.status, 404, "all or nothing");
        let demo = put(&operator, "gamma", "", &document("gamma", "profile: insecure-demo\n")).await;
        assert_eq!(pointers(&demo), ["/profile"]);
        assert_eq!(pointers(&put(&operator, "admin", "", &document("admin", "")).await), ["/realm"]);
        let helper = Admin::person(&world.realm("system"), &Person::new("helper", "helper-copper-meadow-9")).await;
        assert_problem(&put(&helper, "gamma", "", &wish).await, 403, "forbidden", "who only looks makes none");

        let made = put(&operator, "gamma", "", &wish).await;
        assert_eq!(made.status, 201, "{}", made.body);
        assert_eq!((made.json()["created"].clone(), told(&made.json())), (json!(true), told(&report)));
        let gamma = world.realm("gamma");
        assert_eq!(gamma.discovery().await["issuer"], gamma.issuer());
        let events = world.audit("gamma", AuditKind::RealmCreated).await;
        assert_eq!(events[0].actor, Actor::Operator("operator".to_owned()));
        assert_problem(&put(&operator, "gamma", "", &wish).await, 403, "entry-required", "it is there now");
        operator.post("/realms/gamma/entries", json!({ "reason": "Ticket 7" })).await;
        assert_eq!(told(&put(&operator, "gamma", "", &wish).await.success()), [] as [&str; 0]);
    }

    async fn the_command_applies_through_the_api_what_it_applies_here(world) {
        let palatine = Palatine::default().with("PALATINE_CLIENT_SECRET", "boss-secret-1").with("JOB_SECRET", "canary-job-secret");
        let by_boss = At::new(world, &["--client-id", "boss"]);
        let export = by_boss.run(&palatine, &["export", "alpha"]).await.assert_code(0).stdout;
        let boss = Admin::service(&world.alpha(), "boss").await;
        assert_eq!(export, read(&boss, "alpha").await);
        palatine.write("alpha.yaml", &export);
        let same = by_boss.run(&palatine, &["apply", "-f", "alpha.yaml", "--check"]).await.assert_code(0);
        assert_eq!(same.stdout, "alpha: nothing to change\n");

        // What the document points at is found on this side.
        let wanted = realms::changed(&export, "clients:\n", "clients:\n  job: {kind: service, secrets: {a: 'env:JOB_SECRET', b: 'file:job.secret'}}\n");
        palatine.write("job.secret", "canary-job-file\n");
        palatine.write("alpha.yaml", &wanted);
        let dry = by_boss.run(&palatine, &["apply", "-f", "alpha.yaml", "--dry-run"]).await.assert_code(0);
        assert!(dry.stdout.starts_with("alpha: 1 change; nothing was written\n  client job created\n    + /"), "{}", dry.stdout);
        let drift = by_boss.run(&palatine, &["apply", "-f", "alpha.yaml", "--check"]).await.assert_code(4);
        assert_eq!(drift.stdout, dry.stdout);
        let done = by_boss.run(&palatine, &["apply", "-f", "alpha.yaml"]).await.assert_code(0);
        assert_eq!(done.stdout, "alpha: 1 change\n  client job created\n");
        for secret in ["canary-job-secret", "canary-job-file"] {
            let job = world.alpha().app("job", secret, "");
            assert_eq!(job.client_credentials(&[]).await.status, 200);
        }
        for said in [&dry, &drift, &done] {
            assert!(!format!("{said:?}").contains("canary"), "{said:?}");
        }
        palatine.write("alpha.yaml", &export);
        let pruned = by_boss.run(&palatine, &["apply", "-f", "alpha.yaml", "--prune"]).await.assert_code(0);
        assert_eq!(pruned.stdout, "alpha: 1 change\n  client job removed\n");
    }

    async fn the_command_says_what_a_server_refuses_at_its_place_in_the_file(world) {
        let palatine = Palatine::default().with("PALATINE_CLIENT_SECRET", "boss-secret-1");
        let by_boss = At::new(world, &["--client-id", "boss"]);
        let refused = async |body: &str| {
            palatine.write("alpha.yaml", &document("alpha", body));
            by_boss.run(&palatine, &["apply", "-f", "alpha.yaml"]).await.assert_code(2).stderr
        };
        let of_the_file = refused("nonsense: 1\n").await;
        assert!(of_the_file.contains("alpha.yaml:4:1: unknown key `nonsense`"), "{of_the_file}");
        let unset = refused("clients:\n  job:\n    kind: service\n    secret: env:NOWHERE\n").await;
        assert!(unset.contains("alpha.yaml:7:5: the environment variable NOWHERE is not set"), "{unset}");
        let of_the_realm = refused("display_name: Alpha\nusers:\n  eve:\n    roles: [none-such]\n").await;
        assert!(of_the_realm.contains("alpha.yaml:7:13: the realm has no role `none-such`"), "{of_the_realm}");
        palatine.write("alpha.yaml", &document("alpha", ""));
        let looker = At::new(world, &["--client-id", "looker", "--client-secret-file", "looker.secret"]);
        palatine.write("looker.secret", "looker-secret-1\n");
        let refused = looker.run(&palatine, &["apply", "-f", "alpha.yaml"]).await.assert_code(2).stderr;
        assert!(refused.contains("alpha.yaml: the realm `alpha`: the server answers 400: invalid_scope"), "{refused}");
        assert_eq!(looker.run(&palatine, &["export", "alpha"]).await.assert_code(0).code, Some(0));
        let wrong = At::new(world, &["--client-id", "usher"]);
        let refused = wrong.run(&palatine, &["export", "alpha"]).await.assert_code(1).stderr;
        assert!(refused.contains("the server answers 401: invalid_client"), "{refused}");
        let nobody = At::new(world, &[]);
        let refused = nobody.run(&palatine, &["export", "alpha"]).await.assert_code(1).stderr;
        assert!(refused.contains("say who asks"), "{refused}");
    }

    async fn the_command_of_an_operator_makes_and_enters_realms_with_its_own_reason(world) {
        let robot = document("system", "display_name: Palatine\nclients:\n  robot:\n    kind: service\n    secret: robot-secret-1\n    roles: [operator-admin]\n    scopes: {default: ['admin:read', 'admin:write']}\n");
        let operator = Admin::operator(world).await;
        assert_eq!(told(&put(&operator, "system", "", &robot).await.success()), ["client robot created"]);
        let palatine = Palatine::default().with("PALATINE_CLIENT_SECRET", "robot-secret-1");
        let robot = At::new(world, &["--client-id", "robot", "--client-realm", "system"]);
        std::fs::create_dir(palatine.path("realms")).unwrap();
        palatine.write("realms/delta.yaml", &document("delta", "display_name: Delta\n"));
        palatine.write("realms/alpha.yaml", &document("alpha", "display_name: Alpha\npolicy: {rate_limits: {enabled: false}}\nroles: {reader: {}}\n"));
        let drift = robot.run(&palatine, &["apply", "-f", "realms", "--check"]).await.assert_code(4);
        assert!(drift.stdout.contains("delta: 12 changes; nothing was written\n  realm delta created\n"), "{}", drift.stdout);
        let apply = ["apply", "-f", "realms", "--reason", "Ticket 7"];
        let done = robot.run(&palatine, &apply).await.assert_code(0).stdout;
        assert!(done.contains("delta: 12 changes\n  realm delta created\n"), "{done}");
        assert!(done.contains("role reader created"), "{done}");
        let again = robot.run(&palatine, &apply).await.assert_code(0).stdout;
        assert_eq!(again, "alpha: nothing to change\ndelta: nothing to change\n");
        let boss = Admin::service(&world.alpha(), "boss").await;
        let entries = boss.get("/realms/alpha/entries").await.success();
        let entry = &entries["items"][0];
        assert_eq!((&entry["operator"], &entry["reason"], &entry["writes"]), (&json!("robot"), &json!("Ticket 7"), &json!(true)));
        assert!(entry["ended_at"].is_string(), "it left when it was done: {entry}");
        let events = world.audit("alpha", AuditKind::ConfigurationApplied).await;
        assert_eq!(events[0].actor, Actor::Operator("robot: Ticket 7".to_owned()));
        let exported = robot.run(&palatine, &["export", "delta"]).await.assert_code(0).stdout;
        assert_eq!(exported, document("delta", "display_name: Delta\n"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_is_as_long_as_a_file_at_most() {
    let mut world = World::builder(Backend::Sqlite).realm(realms::administered("alpha", "Alpha")).start().await;
    let boss = Admin::service(&world.alpha(), "boss").await;
    let now = read(&boss, "alpha").await;
    let long = |bytes: usize| format!("{now}#{}\n", "x".repeat(bytes));
    assert_eq!(put(&boss, "alpha", "", &long(4 * 1024 * 1024)).await.success()["changes"], json!([]));
    assert_problem(&put(&boss, "alpha", "", &long(8 * 1024 * 1024)).await, 413, "too-large", "more than 8 MiB");
    world.stop().await;
}

/// The command, at a running server.
struct At(Vec<String>);

impl At {
    fn new(world: &World, who: &[&str]) -> Self {
        let server = format!("http://{}", world.node().address());
        Self([&["--server", &server], who].concat().into_iter().map(str::to_owned).collect())
    }

    async fn run(&self, palatine: &Palatine, command: &[&str]) -> Run {
        let place: Vec<&str> = self.0.iter().map(String::as_str).collect();
        Run(palatine.run(&[command, &place].concat()).await)
    }
}

/// A command that has ended.
struct Run(Ended);

impl Run {
    #[track_caller]
    fn assert_code(self, code: i32) -> Ended {
        assert_eq!(self.0.code, Some(code), "{:?}", self.0);
        self.0
    }
}

#[tokio::test]
async fn a_realm_moves_with_its_people_by_an_export_with_hashes() {
    let palatine = Palatine::default();
    let here = palatine.dev("here").await;
    let acme = document(
        "acme",
        "policy: {rate_limits: {enabled: false}}\nclients:\n  till: {kind: web, secret: till-secret-1, grants: [password], scopes: {default: [openid]}}\n\
         users:\n  ada: {initial_password: lantern gravel oboe}\n",
    );
    palatine.write("acme.yaml", &acme);
    palatine.done(&["apply", "-f", "acme.yaml", "--data-dir", "here"]).await;
    here.stop().await;
    let export = ["export", "acme", "--with-hashes", "--data-dir"];
    let exported = palatine.run(&[&export[..], &["here"]].concat()).await;
    assert_eq!(exported.code, Some(0), "{exported:?}");
    assert!(exported.stderr.contains("hashes of passwords and client secrets"), "{}", exported.stderr);
    assert!(!exported.stdout.contains("lantern") && !exported.stdout.contains("till-secret-1"), "{}", exported.stdout);
    palatine.write("moved.yaml", &exported.stdout);

    let there = palatine.dev("there").await;
    let done = palatine.done(&["apply", "-f", "moved.yaml", "--data-dir", "there"]).await;
    assert!(done.starts_with("acme: ") && !done.contains("argon2"), "{done}");
    assert_eq!(palatine.done(&[&export[..], &["there"]].concat()).await, exported.stdout);
    assert_eq!(
        palatine.done(&["apply", "-f", "moved.yaml", "--data-dir", "there", "--check"]).await,
        "acme: nothing to change\n"
    );
    let till = there.realm("acme").app("till", "till-secret-1", "");
    assert_eq!(till.password(&Person::new("ada", "lantern gravel oboe"), &[]).await.status, 200);
    there.stop().await;
}
