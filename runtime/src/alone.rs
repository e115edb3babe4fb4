//! A step on its own: an instance that is one call of it, without a saga around it.

use std::any::TypeId;
use std::future::Future;
use std::marker::PhantomData;

use crate::Call;
use crate::definition::Outline;
use crate::durable::Durable;
use crate::inject::Injected;
use crate::machine::{Machine, States};
use crate::message::{ErrorOf, Never};
use crate::saga::Saga;
use crate::step::Step;

/// Where its code can stand.
enum At {
    Start,
    Waits,
    Description,
}

/// What a saga that awaits one step, and returns what that returns, is compiled to.
#[diagnostic::do_not_recommend]
impl<S: Step> Saga for S {
    async fn resume(machine: &mut Machine<'_>) -> S::Output {
        machine.states(Known::<S>::STATES);
        let site = Call::<S>::site(machine, S::NAME);
        match machine.enter([At::Waits], At::Start, At::Description) {
            Some(At::Start) => {
                if let Some(message) = machine.arguments::<S>() {
                    site.suspend(machine, Call::new(message));
                }
            }
            Some(At::Waits) => {
                if let Some(output) = site.reply(machine) {
                    return output;
                }
            }
            Some(At::Description) => {
                let fails = TypeId::of::<ErrorOf<S>>() != TypeId::of::<Never>();
                machine.described(if fails { Known::<S>::FALLIBLE } else { Known::<S>::PLAIN });
            }
            None => {}
        }
        match machine.stop().await {}
    }

    fn inline(message: S) -> impl Future<Output = S::Output> {
        S::run(message, Injected::inline(S::NAME))
    }
}

/// What generated code would say of it.
struct Known<S>(PhantomData<S>);

impl<S: Step> Known<S> {
    const STATES: States = &[(S::NAME, &[])];
    const PLAIN: Outline = &[("@start", "", &[(S::NAME, "")]), (S::NAME, "", &[("@completed", "")])];
    const FALLIBLE: Outline =
        &[("@start", "", &[(S::NAME, "")]), (S::NAME, "", &[("@failed", "Err"), ("@completed", "Ok")])];
}
