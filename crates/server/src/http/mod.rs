//! The router: each crate's `configure` in its place, and the layers around them.

mod assets;
pub(crate) mod connection;
pub(crate) mod front;
pub(crate) mod gauges;
mod health;
pub(crate) mod host;
pub(crate) mod trace;

use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Data, PayloadConfig, ServiceConfig};
use actix_web::{Error, HttpMessage as _};
use palatine_admin_api::access::Gate;
use palatine_admin_api::http::AdminApi;
use palatine_authn::Authenticator;
use palatine_domain::Ambient;
use palatine_login_ui::dev::DevSite;
use palatine_realm::routes::REALM_PATTERN;
use palatine_realm::{Realm, Resolver};
use palatine_store::Store;
use palatine_tenant_routing::{TrustedProxies, cors, scope, surface};
use palatine_token_service::TokenService;

use crate::config::Config;
use crate::demo;
use crate::http::front::Front;
use crate::http::gauges::{Gauges, RealmLabels};
use crate::http::host::OurHosts;
use crate::readiness::Readiness;
use crate::refusal::Refusal;
use crate::server::Profile;
use crate::services::Services;
use crate::tls::Certificates;

/// What the workers of one server share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) front: Data<Front>,
    pub(crate) readiness: Data<Readiness>,
    gauges: Data<Gauges>,
    labels: Data<RealmLabels>,
    ambient: Data<Ambient>,
    resolver: Data<Resolver>,
    store: Data<Store>,
    tokens: Data<TokenService>,
    authenticator: Data<Authenticator>,
    admin: Data<AdminApi>,
    trusted: Data<TrustedProxies>,
    max_body_bytes: usize,
    /// What the start page shows; in development alone.
    start_page: Option<Data<DevSite>>,
}

impl Shared {
    pub(crate) fn new(
        services: &Services,
        config: &Config,
        profile: Profile,
        certificates: Option<Arc<Certificates>>,
    ) -> Result<Self, Refusal> {
        let readiness = Data::new(Readiness::new(services.clone()));
        let (hosts, start_page) = match profile {
            Profile::Development => {
                (Some(OurHosts::new(services.resolver.public_url())), Some(Data::new(demo::start_page()?)))
            }
            Profile::Production => (None, None),
        };
        let front = Data::new(Front::new(&config.server, hosts, readiness.clone()));
        Ok(Self {
            gauges: Data::new(Gauges::new(services.clone(), front.clone(), readiness.clone(), certificates)),
            labels: Data::new(RealmLabels::new(config.metrics.realm_labels)),
            ambient: Data::new(services.ambient.clone()),
            resolver: Data::new(services.resolver.clone()),
            store: Data::new(services.store.clone()),
            tokens: Data::new(services.tokens.clone()),
            authenticator: Data::new(services.authenticator.clone()),
            admin: Data::new(admin_api(services, config)),
            trusted: Data::new(config.server.trusted_proxies.clone()),
            max_body_bytes: config.server.max_body_bytes,
            front,
            readiness,
            start_page,
        })
    }

    /// The main port.
    pub(crate) fn configure_main(&self, config: &mut ServiceConfig) {
        config
            .app_data(self.front.clone())
            .app_data(self.readiness.clone())
            .app_data(self.labels.clone())
            .app_data(self.ambient.clone())
            .app_data(self.resolver.clone())
            .app_data(self.store.clone())
            .app_data(self.tokens.clone())
            .app_data(self.authenticator.clone())
            .app_data(self.admin.clone())
            .app_data(self.trusted.clone())
            .app_data(PayloadConfig::new(self.max_body_bytes));
        let prefix = self.resolver.path_prefix();
        // Everybody.
        health::configure_main(config, prefix);
        assets::configure(config, prefix);
        palatine_token_service::http::configure_root(config, prefix);
        // A realm's applications and people.
        config.service(
            web::scope(&format!("{prefix}{REALM_PATTERN}"))
                .configure(palatine_token_service::http::configure)
                .configure(palatine_login_ui::configure)
                .default_service(web::to(surface::not_found))
                // The last one is the first that a request meets.
                .wrap(from_fn(cors::share))
                .wrap(from_fn(scope::resolve_realm))
                .wrap(from_fn(count)),
        );
        // Admins and operators, and their programs.
        palatine_admin_api::http::configure(config, prefix);
        // Whoever develops here.
        if let Some(start_page) = &self.start_page {
            config.app_data(start_page.clone()).service(
                web::scope(prefix)
                    .configure(palatine_login_ui::dev::configure)
                    .default_service(web::to(surface::not_found)),
            );
        }
        config.default_service(web::to(surface::not_found));
    }

    /// The management port.
    pub(crate) fn configure_management(&self, config: &mut ServiceConfig) {
        config.app_data(self.readiness.clone()).app_data(self.gauges.clone());
        health::configure_management(config);
    }
}

fn admin_api(services: &Services, config: &Config) -> AdminApi {
    let gate = Gate::new(services.resolver.clone(), services.tokens.clone(), services.store.clone());
    AdminApi::new(gate, services.hashing.clone(), config.server.max_admin_body_bytes)
}

/// Counts requests by realm.
async fn count(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let labels = request.app_data::<Data<RealmLabels>>().cloned();
    let response = next.call(request).await?;
    let slug = response.request().extensions().get::<Realm>().map(|realm| realm.slug().clone());
    if let (Some(labels), Some(slug)) = (labels, slug) {
        let class = class_of(response.status().as_u16());
        metrics::counter!("palatine_realm_requests_total", "realm" => labels.of(slug.as_str()), "class" => class)
            .increment(1);
    }
    Ok(response)
}

const fn class_of(status: u16) -> &'static str {
    match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}
