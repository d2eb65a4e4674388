//! The account pages with every kind of text in them, and in every state.

use palatine_domain::Instant;
use palatine_domain::profile::{ProfileField, ProfileProblem};
use palatine_pages::PageContext;
use palatine_pages::views::{
    AccountApplicationsPage, AccountFrame, AccountNotice, AccountPasswordPage, AccountPaths, AccountProfilePage,
    AccountSection, AccountSessionsPage, AllowedScope, ApplicationLinks, ApplicationShown, CustomInput,
    CustomInputKind, Moment, PasswordTrouble, ProfileInput, ProfileTrouble, SessionShown,
};

use super::{Sample, Texts};

fn frame(texts: &Texts, section: AccountSection) -> AccountFrame<'_> {
    AccountFrame {
        user: &texts.user,
        section,
        paths: AccountPaths {
            profile: "/realms/acme/account",
            password: "/realms/acme/account/password",
            sessions: "/realms/acme/account/sessions",
            applications: "/realms/acme/account/applications",
            sign_out: "/realms/acme/logout/confirm",
        },
        csrf: "c3Jm",
        sign_out_csrf: "b3V0",
        notice: None,
    }
}

fn ago(seconds: i64) -> Moment {
    let now = 1_790_000_000;
    Moment { at: Instant::from_seconds(now - seconds), now: Instant::from_seconds(now) }
}

/// The profile page.
pub(super) fn profile<'a>(ctx: &'a PageContext, texts: &'a Texts) -> AccountProfilePage<'a> {
    let custom = |name, kind, value| CustomInput { name, kind, value, problem: None };
    AccountProfilePage {
        ctx,
        frame: frame(texts, AccountSection::Profile),
        username: &texts.user,
        email: Some(&texts.user),
        fields: ProfileField::ALL
            .into_iter()
            .map(|field| ProfileInput { field, value: &texts.description, problem: None })
            .collect(),
        custom: vec![
            custom("motto", CustomInputKind::Text, &texts.description),
            custom("height", CustomInputKind::Number, "1.7"),
            custom("newsletter", CustomInputKind::YesOrNo, "true"),
            custom("team", CustomInputKind::OneOf(std::slice::from_ref(&texts.application)), &texts.application),
        ],
        version: "1790000000000000",
        trouble: None,
    }
}

/// The password page.
pub(super) fn password<'a>(ctx: &'a PageContext, texts: &'a Texts) -> AccountPasswordPage<'a> {
    AccountPasswordPage {
        ctx,
        frame: frame(texts, AccountSection::Password),
        username: &texts.user,
        least_characters: 8,
        troubles: Vec::new(),
    }
}

/// The page of sessions.
pub(super) fn sessions<'a>(ctx: &'a PageContext, texts: &'a Texts) -> AccountSessionsPage<'a> {
    let session = |id, browser, system, here| SessionShown {
        id,
        browser,
        system,
        address: "2001:db8:85a3::8a2e:370:7334",
        began: ago(if here { 7_200 } else { 3 * 86_400 }),
        last_seen: ago(if here { 5 } else { 4_000 }),
        here,
        applications: if here { vec![&texts.application, "Reports"] } else { Vec::new() },
    };
    AccountSessionsPage {
        ctx,
        frame: frame(texts, AccountSection::Sessions),
        sessions: vec![
            session("1", Some("Firefox"), Some("Linux"), true),
            session("2", Some("Safari"), None, false),
            session("3", None, None, false),
        ],
    }
}

/// The page of applications.
pub(super) fn applications<'a>(ctx: &'a PageContext, texts: &'a Texts) -> AccountApplicationsPage<'a> {
    let application = |client_id, name, open_url, offline: bool| ApplicationShown {
        client_id,
        name,
        open_url,
        links: ApplicationLinks { policy: Some("https://billing.example/privacy"), terms: None },
        logo: offline.then_some(super::LOGO),
        since: ago(40 * 86_400),
        scopes: vec![
            AllowedScope { name: "email", description: None },
            AllowedScope { name: "read:invoices", description: Some(&texts.description) },
        ],
        offline,
    };
    AccountApplicationsPage {
        ctx,
        frame: frame(texts, AccountSection::Applications),
        applications: vec![
            application("billing", &texts.application, Some("https://billing.example/"), true),
            application("reports", "Reports", Some("javascript:alert(1)"), false),
        ],
    }
}

/// The states that the texts do not show.
pub(super) fn states(ctx: &PageContext, texts: &Texts) -> Vec<Sample> {
    let sample = |name: &str, html| Sample { name: name.to_owned(), html };
    let problems = [
        ProfileProblem::TooLong { most: 255 },
        ProfileProblem::ControlCharacters,
        ProfileProblem::NotAUrl,
        ProfileProblem::NotADate,
        ProfileProblem::NotALanguage,
        ProfileProblem::NotATimeZone,
        ProfileProblem::NotAPhoneNumber,
        ProfileProblem::NotAChoice,
        ProfileProblem::NotANumber,
    ];
    let with_problems = ProfileField::ALL.into_iter().zip(problems.into_iter().cycle());
    let fields = with_problems.map(|(field, problem)| ProfileInput { field, value: "?", problem: Some(problem) });
    let refused =
        AccountProfilePage { fields: fields.collect(), trouble: Some(ProfileTrouble::Fields), ..profile(ctx, texts) };
    let stale = AccountProfilePage { trouble: Some(ProfileTrouble::ChangedMeanwhile), ..profile(ctx, texts) };
    let troubles = vec![
        PasswordTrouble::CurrentMissing,
        PasswordTrouble::CurrentWrong,
        PasswordTrouble::NewMissing,
        PasswordTrouble::TooShort { least: 8 },
        PasswordTrouble::TooLong,
        PasswordTrouble::IsIdentifier,
        PasswordTrouble::TooEasy,
        PasswordTrouble::Unchanged,
        PasswordTrouble::RepeatedDifferently,
        PasswordTrouble::TooManyAttempts { retry_after: 42 },
        PasswordTrouble::Unavailable,
    ];
    let wrong = AccountPasswordPage { troubles, ..password(ctx, texts) };
    let mut alone = sessions(ctx, texts);
    alone.sessions.truncate(1);
    let none = AccountApplicationsPage { applications: Vec::new(), ..applications(ctx, texts) };
    let mut samples = vec![
        sample("account_profile-refused", refused.render()),
        sample("account_profile-stale", stale.render()),
        sample("account_password-refused", wrong.render()),
        sample("account_sessions-alone", alone.render()),
        sample("account_applications-none", none.render()),
    ];
    for notice in AccountNotice::ALL {
        let mut page = password(ctx, texts);
        page.frame.notice = Some(notice);
        samples.push(sample(&format!("account-{}", notice.word()), page.render()));
    }
    samples
}
