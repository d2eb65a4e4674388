//! The pages of a person's own account: a frame with the way between them, and one view per page.

mod applications;
mod form;
mod password;
mod profile;
mod sessions;

pub use applications::{AccountApplicationsPage, AllowedScope, ApplicationShown};
pub use password::{AccountPasswordPage, PasswordTrouble};
pub use profile::{AccountProfilePage, CustomInput, CustomInputKind, ProfileInput, ProfileTrouble};
pub use sessions::{AccountSessionsPage, SessionShown};

use std::borrow::Cow;

use crate::context::PageContext;
use crate::text;

/// What stands around each account page.
#[derive(Clone, Copy, Debug)]
pub struct AccountFrame<'a> {
    /// Who is signed in.
    pub user: &'a str,
    /// Which page it is.
    pub section: AccountSection,
    /// Where the pages are: paths of ours.
    pub paths: AccountPaths<'a>,
    /// The hidden field `csrf` of the page's own forms.
    pub csrf: &'a str,
    /// The hidden field `csrf` of the button "Sign out".
    pub sign_out_csrf: &'a str,
    /// What has just been done.
    pub notice: Option<AccountNotice>,
}

/// Where the account pages are. Each page's forms go to its own path.
#[derive(Clone, Copy, Debug)]
pub struct AccountPaths<'a> {
    /// The profile.
    pub profile: &'a str,
    /// The password.
    pub password: &'a str,
    /// The sessions.
    pub sessions: &'a str,
    /// The applications.
    pub applications: &'a str,
    /// Where the button "Sign out" goes.
    pub sign_out: &'a str,
}

/// An account page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountSection {
    /// The profile.
    Profile,
    /// The password.
    Password,
    /// The sessions.
    Sessions,
    /// The applications.
    Applications,
}

impl AccountSection {
    const ALL: [Self; 4] = [Self::Profile, Self::Password, Self::Sessions, Self::Applications];
}

/// What has just been done, said once above the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountNotice {
    /// The profile is stored.
    ProfileSaved,
    /// The password is another.
    PasswordChanged,
    /// A session elsewhere was ended.
    SessionEnded,
    /// All sessions elsewhere were ended.
    OthersEnded,
    /// An application has no access any more.
    AccessRemoved,
}

impl AccountNotice {
    /// All notices.
    pub const ALL: [Self; 5] =
        [Self::ProfileSaved, Self::PasswordChanged, Self::SessionEnded, Self::OthersEnded, Self::AccessRemoved];

    /// The word for it in the page's address.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ProfileSaved => "saved",
            Self::PasswordChanged => "changed",
            Self::SessionEnded => "ended",
            Self::OthersEnded => "others-ended",
            Self::AccessRemoved => "removed",
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::ProfileSaved => "account-profile-saved",
            Self::PasswordChanged => "account-password-changed",
            Self::SessionEnded => "account-sessions-ended_one",
            Self::OthersEnded => "account-sessions-ended_others",
            Self::AccessRemoved => "account-applications-removed",
        }
    }
}

/// One entry of the navigation.
pub(crate) struct NavigationLink<'a> {
    pub(crate) path: &'a str,
    pub(crate) label: String,
    pub(crate) here: bool,
}

impl AccountFrame<'_> {
    /// The page's heading, and the beginning of its title.
    pub(crate) fn heading(&self, ctx: &PageContext) -> String {
        ctx.t(match self.section {
            AccountSection::Profile => "account-profile-heading",
            AccountSection::Password => "account-password-heading",
            AccountSection::Sessions => "account-sessions-heading",
            AccountSection::Applications => "account-applications-heading",
        })
    }

    pub(crate) fn links(&self, ctx: &PageContext) -> Vec<NavigationLink<'_>> {
        let link = |section| {
            let (path, key) = match section {
                AccountSection::Profile => (self.paths.profile, "account-profile-link"),
                AccountSection::Password => (self.paths.password, "account-password-link"),
                AccountSection::Sessions => (self.paths.sessions, "account-sessions-link"),
                AccountSection::Applications => (self.paths.applications, "account-applications-link"),
            };
            NavigationLink { path, label: ctx.t(key), here: section == self.section }
        };
        AccountSection::ALL.into_iter().map(link).collect()
    }

    pub(crate) fn shown_user(&self) -> Cow<'_, str> {
        text::name(self.user)
    }

    pub(crate) fn notice_words(&self, ctx: &PageContext) -> Option<String> {
        self.notice.map(|notice| ctx.t(notice.key()))
    }
}
