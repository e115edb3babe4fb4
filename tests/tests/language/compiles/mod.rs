//! What only has to compile, and without warnings: steps and sagas in all places, under all names and lints. The `main`
//! of each is run as a test.

mod arguments_none_and_many;
mod attributes_in_all_orders;
mod awaits_saga;
mod code_between_steps_is_free;
pub mod documented_and_conditional;
mod helpers_imported_one_by_one;
mod helpers_not_imported;
mod in_modules_and_functions;
mod lab_tests;
mod made_by_a_macro;
mod mailbox_types;
mod no_implicit_prelude;
mod odd_forms;
mod odd_places;
mod private_functions_without_warnings;
mod user_types_named_like_std;
mod user_types_named_result;
