//! A picture that somebody else chose, read within limits and written anew: what reaches a browser is of our own making.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageError, ImageFormat, ImageReader, Limits};

/// Width and height of a client's logo, at most, in pixels.
const LOGO_PIXELS: u32 = 128;

/// The size of a picture that is kept, at most, in bytes.
pub const MOST_KEPT_BYTES: usize = 256 * 1024;

/// What a photograph loses when it is written, from 1 (everything) to 100.
const JPEG_QUALITY: u8 = 80;

/// Width and height of what is read, at most, in pixels.
const MOST_PIXELS: u32 = 2_048;

/// The memory that reading one may take, in bytes.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// The format of a content type; none if pictures of it are not read. SVG is a program, not a picture.
pub fn format_of(content_type: &str) -> Option<ImageFormat> {
    match content_type {
        "image/png" => Some(ImageFormat::Png),
        "image/jpeg" => Some(ImageFormat::Jpeg),
        "image/webp" => Some(ImageFormat::WebP),
        _ => None,
    }
}

/// How a picture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// PNG: drawings, and what has holes to see through.
    Png,
    /// JPEG: photographs.
    Jpeg,
}

impl Written {
    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
        }
    }
}

/// A client's logo as PNG, no larger than it is shown. Of a picture that moves, the first frame.
///
/// # Errors
///
/// It is no picture of this format, or a larger one than is read.
pub fn redrawn(bytes: &[u8], format: ImageFormat) -> Result<Vec<u8>, ImageError> {
    within(bytes, format, (LOGO_PIXELS, LOGO_PIXELS), Written::Png)
}

/// A picture no wider and higher than this, in at most [`MOST_KEPT_BYTES`]: what needs more is made smaller.
///
/// # Errors
///
/// It is no picture of this format, or a larger one than is read.
pub fn within(
    bytes: &[u8],
    format: ImageFormat,
    (mut width, mut height): (u32, u32),
    written: Written,
) -> Result<Vec<u8>, ImageError> {
    let picture = read(bytes, format)?;
    loop {
        let fits = picture.width() <= width && picture.height() <= height;
        let drawn = if fits { picture.clone() } else { picture.thumbnail(width, height) };
        let bytes = write(&drawn, written)?;
        if bytes.len() <= MOST_KEPT_BYTES || drawn.width().max(drawn.height()) <= 1 {
            return Ok(bytes);
        }
        (width, height) = ((drawn.width() * 3 / 4).max(1), (drawn.height() * 3 / 4).max(1));
    }
}

fn read(bytes: &[u8], format: ImageFormat) -> Result<DynamicImage, ImageError> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_PIXELS);
    limits.max_image_height = Some(MOST_PIXELS);
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits);
    reader.decode()
}

fn write(picture: &DynamicImage, written: Written) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Cursor::new(Vec::new());
    match written {
        Written::Png => DynamicImage::from(picture.to_rgba8()).write_to(&mut bytes, ImageFormat::Png)?,
        Written::Jpeg => {
            picture.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY))?;
        }
    }
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(width, height).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn each_format_becomes_a_png_that_keeps_its_shape_and_is_small() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            for ((width, height), expected) in
                [((64, 32), (64, 32)), ((512, 256), (128, 64)), ((2_048, 1), (128, 1)), ((1, 1), (1, 1))]
            {
                let png = redrawn(&drawn(width, height, format), format).unwrap();
                let read = image::load_from_memory_with_format(&png, ImageFormat::Png).unwrap();
                assert_eq!((read.width(), read.height()), expected, "{format:?}");
                assert!(png.len() <= 256 * 1024);
            }
        }
    }

    #[test]
    fn what_is_too_large_or_no_picture_of_its_type_is_refused() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            assert!(redrawn(&drawn(2_049, 1, format), format).is_err(), "{format:?}");
            assert!(redrawn(b"just a text", format).is_err());
            assert!(redrawn(b"", format).is_err());
        }
        let png = drawn(64, 64, ImageFormat::Png);
        assert!(redrawn(&png, ImageFormat::Jpeg).is_err());
        assert!(redrawn(&png[..png.len() / 2], ImageFormat::Png).is_err());
    }

    #[test]
    fn what_would_be_too_many_bytes_is_made_smaller() {
        // Noise: nothing that can be written short.
        let mut seed = 7_u32;
        let noise = image::RgbImage::from_fn(900, 700, |_, _| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [_, red, green, blue] = seed.to_le_bytes();
            image::Rgb([red, green, blue])
        });
        let mut bytes = Cursor::new(Vec::new());
        noise.write_to(&mut bytes, ImageFormat::Png).unwrap();
        assert!(bytes.get_ref().len() > MOST_KEPT_BYTES);
        for (written, format) in [(Written::Png, ImageFormat::Png), (Written::Jpeg, ImageFormat::Jpeg)] {
            let kept = within(bytes.get_ref(), ImageFormat::Png, (900, 900), written).unwrap();
            assert!(kept.len() <= MOST_KEPT_BYTES, "{}", kept.len());
            let read = image::load_from_memory_with_format(&kept, format).unwrap();
            assert!(read.width() >= 200 && read.width() > read.height(), "{}", read.width());
        }
    }

    #[test]
    fn three_content_types_are_read() {
        for content_type in ["image/png", "image/jpeg", "image/webp"] {
            assert!(format_of(content_type).is_some());
        }
        for content_type in ["image/svg+xml", "image/gif", "text/html", "application/octet-stream", ""] {
            assert!(format_of(content_type).is_none(), "{content_type}");
        }
    }
}
