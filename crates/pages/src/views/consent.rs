//! The consent page.

use std::borrow::Cow;

use askama::Template;

use super::login::ApplicationLinks;
use crate::context::PageContext;
use crate::text;

/// "… wants to use your account": who asks, for what; Accept or Cancel.
///
/// The form posts `csrf`, one `scope` for each optional scope left ticked, and the button `accept` or `cancel` to
/// `action`. Required scopes are not posted: the server knows them from the interaction.
#[derive(Clone, Debug, Template)]
#[template(path = "login/consent.html")]
pub struct ConsentPage<'a> {
    /// Look, language, nonce.
    pub ctx: &'a PageContext,
    /// The application's name, in the heading.
    pub application: &'a str,
    /// Who is signed in: "Signed in as …".
    pub user: &'a str,
    /// Where the form goes: a path of ours.
    pub action: &'a str,
    /// The hidden field `csrf`.
    pub csrf: &'a str,
    /// How the application uses data, and its terms, as it registered them.
    pub links: ApplicationLinks<'a>,
    /// Where the application's logo is: a path of ours.
    pub logo: Option<&'a str>,
    /// What is asked for, in the order shown.
    pub scopes: Vec<RequestedScope<'a>>,
}

/// One line of what is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestedScope<'a> {
    /// The scope, shown small beside its description; the value of the box if it is optional.
    pub name: &'a str,
    /// The realm's own description. Without one, a scope that every realm has is described from the catalogue, and any
    /// other stands for itself.
    pub description: Option<&'a str>,
    /// Whether the user may leave it out.
    pub choice: ScopeChoice,
}

/// Whether a scope may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeChoice {
    /// Part of accepting: no box.
    Required,
    /// A box, ticked.
    Ticked,
    /// A box, not ticked.
    Unticked,
}

impl ConsentPage<'_> {
    pub(crate) fn description<'b>(&self, scope: &'b RequestedScope<'_>) -> Cow<'b, str> {
        scope_words(self.ctx, scope.name, scope.description)
    }
}

/// What a scope lets an application do: the realm's own words, else ours for a scope that every realm has, else its name.
pub(crate) fn scope_words<'a>(ctx: &PageContext, name: &'a str, own: Option<&'a str>) -> Cow<'a, str> {
    if let Some(own) = own.filter(|text| !text.trim().is_empty()) {
        return Cow::Borrowed(own);
    }
    let key = match name {
        "openid" => "scope-openid-description",
        "profile" => "scope-profile-description",
        "email" => "scope-email-description",
        "address" => "scope-address-description",
        "phone" => "scope-phone-description",
        "offline_access" => "scope-offline_access-description",
        "roles" => "scope-roles-description",
        "groups" => "scope-groups-description",
        other => return Cow::Borrowed(other),
    };
    Cow::Owned(ctx.t(key))
}

impl RequestedScope<'_> {
    pub(crate) fn is_required(&self) -> bool {
        self.choice == ScopeChoice::Required
    }

    pub(crate) fn is_ticked(&self) -> bool {
        self.choice == ScopeChoice::Ticked
    }

    pub(crate) fn shown_name(&self) -> Cow<'_, str> {
        text::name(self.name)
    }
}
