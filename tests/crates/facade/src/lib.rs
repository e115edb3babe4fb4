//! A crate that brings sagaflow along, as the framework of a company would.

pub use sagaflow as durable;

/// Makes a saga of one step that is tried up to three times: `pipeline!(saga: step(argument: Type) -> Value { … })`.
///
/// The step's body returns a `Result<Value, Failure>`.
#[macro_export]
macro_rules! pipeline {
    ($(#[$attr:meta])* $vis:vis $saga:ident: $step:ident($argument:ident: $ty:ty) -> $value:ty $body:block) => {
        $(#[$attr])*
        #[$crate::durable::step(crate = $crate::durable)]
        #[$crate::durable::retry(fixed, delay = "1ms", max_attempts = 3, jitter = none, exhausted = fail)]
        $vis async fn $step($argument: $ty) -> ::core::result::Result<$value, $crate::durable::Failure> $body

        $(#[$attr])*
        #[$crate::durable::saga(crate = $crate::durable)]
        $vis async fn $saga(items: ::std::vec::Vec<$ty>)
            -> ::core::result::Result<::std::vec::Vec<$value>, $crate::durable::Failure>
        {
            let mut done = ::std::vec::Vec::new();
            for item in &items {
                let value = $step(::core::clone::Clone::clone(item)).await?;
                done.push(value);
            }
            ::core::result::Result::Ok(done)
        }
    };
}
