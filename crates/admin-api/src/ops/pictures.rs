//! Pictures of a realm's pages: its logo, what is behind the card, what is in the browser's tab. It needs
//! `settings:read` or `settings:write`. What comes is read within limits and written anew.

use palatine_domain::admin::Permission;
use palatine_domain::asset::{Asset, AssetInfo, AssetKind};
use palatine_domain::audit::AuditKind;
use palatine_pages::picture::{self, Written};
use serde::Serialize;
use serde_json::{Value, json};

use crate::access::{About, Caller};
use crate::engine::difference::Difference;
use crate::ops::error::OpError;
use crate::ops::object::{ETag, Expected};

/// The longest picture that is read, in bytes. What is kept has at most [`picture::MOST_KEPT_BYTES`].
pub const MAX_SENT_BYTES: usize = 2 * 1024 * 1024;

/// A picture, without its bytes.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PictureView {
    /// What it is for: `logo`, `background` or `favicon`.
    pub kind: String,
    /// Its media type.
    pub media_type: String,
    /// How many bytes it has.
    pub size: u64,
    /// The SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// When it was put there (RFC 3339).
    pub updated_at: String,
    /// The path on the realm's origin where browsers get it.
    pub path: String,
}

/// A picture of a realm, as it is now.
#[derive(Clone, Debug)]
pub struct KnownPicture {
    /// What it is.
    pub view: PictureView,
    /// The version of the picture.
    pub etag: ETag,
}

impl KnownPicture {
    fn of(caller: &Caller, about: &AssetInfo) -> Self {
        let path = caller.realm().page_path(palatine_realm::routes::Page::Picture(about.kind));
        let view = PictureView {
            kind: about.kind.as_str().to_owned(),
            media_type: about.media_type.clone(),
            size: about.size,
            sha256: about.sha256_hex(),
            updated_at: about.updated_at.to_rfc3339(),
            path,
        };
        Self { etag: ETag::of(&json!(view.sha256)), view }
    }
}

/// The realm's pictures, by kind.
pub async fn list(caller: &Caller) -> Result<Vec<PictureView>, OpError> {
    let (_, tx) = caller.read(Permission::SettingsRead).await?;
    let found = tx.assets().list().await?;
    tx.finish().await?;
    Ok(found.iter().map(|about| KnownPicture::of(caller, about).view).collect())
}

/// What is known of a picture.
pub async fn read(caller: &Caller, kind: &str) -> Result<KnownPicture, OpError> {
    let (_, tx) = caller.read(Permission::SettingsRead).await?;
    let kind = AssetKind::parse(kind).ok_or(OpError::NotFound)?;
    let found = tx.assets().list().await?;
    tx.finish().await?;
    let about = found.iter().find(|about| about.kind == kind).ok_or(OpError::NotFound)?;
    Ok(KnownPicture::of(caller, about))
}

/// Puts a picture there, or another in its place: PNG, JPEG or WebP, of at most 2,048 pixels a side.
pub async fn put(
    caller: &Caller,
    kind: &str,
    expected: &Expected,
    media_type: &str,
    bytes: Vec<u8>,
) -> Result<KnownPicture, OpError> {
    // Nobody makes us draw who may not change anything.
    let (_, tx) = caller.read(Permission::SettingsWrite).await?;
    tx.finish().await?;
    let kind = AssetKind::parse(kind).ok_or(OpError::NotFound)?;
    let (media_type, bytes) = drawn(kind, media_type, bytes).await?;
    let (actor, tx) = caller.write(Permission::SettingsWrite).await?;
    let before = tx.assets().list().await?.into_iter().find(|about| about.kind == kind);
    if let Some(before) = &before {
        expected.check(&KnownPicture::of(caller, before).etag)?;
    }
    let picture = Asset::new(kind, media_type, bytes, tx.now());
    tx.assets().put(&picture).await?;
    let details = changed(kind, before.as_ref(), Some(&picture.about));
    actor.audit(&tx, AuditKind::ConfigurationChanged, About::default(), details).await?;
    tx.commit().await?;
    Ok(KnownPicture::of(caller, &picture.about))
}

/// Takes a picture away.
pub async fn remove(caller: &Caller, kind: &str, expected: &Expected) -> Result<(), OpError> {
    let (actor, tx) = caller.write(Permission::SettingsWrite).await?;
    let kind = AssetKind::parse(kind).ok_or(OpError::NotFound)?;
    let before = tx.assets().list().await?.into_iter().find(|about| about.kind == kind).ok_or(OpError::NotFound)?;
    expected.check(&KnownPicture::of(caller, &before).etag)?;
    tx.assets().delete(kind).await?;
    let details = changed(kind, Some(&before), None);
    actor.audit(&tx, AuditKind::ConfigurationChanged, About::default(), details).await?;
    tx.commit().await?;
    Ok(())
}

fn changed(kind: AssetKind, before: Option<&AssetInfo>, after: Option<&AssetInfo>) -> Value {
    let (before, after) = (before.map(AssetInfo::sha256_hex), after.map(AssetInfo::sha256_hex));
    let difference =
        Difference { at: "/sha256".to_owned(), before: before.map(Value::from), after: after.map(Value::from) };
    json!({ "changes": [{ "what": "picture", "name": kind.as_str(), "differences": [difference] }] })
}

/// The picture as it is kept, and its media type.
async fn drawn(kind: AssetKind, media_type: &str, bytes: Vec<u8>) -> Result<(&'static str, Vec<u8>), OpError> {
    let wrong = || OpError::invalid("", "send a picture: PNG, JPEG or WebP, of at most 2048 pixels a side");
    let format = picture::format_of(media_type).ok_or_else(wrong)?;
    // Three times what is shown, for screens with small pixels.
    let (size, written) = match kind {
        AssetKind::Logo => ((600, 120), Written::Png),
        AssetKind::Favicon => ((128, 128), Written::Png),
        AssetKind::Background => ((1_920, 1_920), Written::Jpeg),
    };
    let work = tokio::task::spawn_blocking(move || picture::within(&bytes, format, size, written));
    match work.await {
        Ok(Ok(bytes)) => Ok((written.media_type(), bytes)),
        Ok(Err(_)) | Err(_) => Err(wrong()),
    }
}
