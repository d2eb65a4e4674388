//! The modules of the OpenID Foundation's certification plans, restated: one module, one test, named after it. What each
//! asks for is asked here by a relying party of our own over HTTP; docs/CONFORMANCE.md lists the plans.

mod backchannel_logout;
mod frontchannel_logout;
mod rp_initiated_logout;
mod session_management;
