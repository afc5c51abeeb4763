import Datasets

/// Where a run begins or goes on.
struct RunPosition: Equatable {
  /// The steps done, the epoch, and its samples that are used.
  var place = EpochCourse.Place()
  /// The step of the learning rate's course that comes next.
  var scheduleStep = 0
  /// The steps of that course; nil at the start, when they are those of the run.
  var scheduleSteps: Int?

  /// The number of steps done.
  var step: Int { place.step }
}

extension RunPlan {
  /// The step of the learning rate's course that belongs to a step of the run.
  ///
  /// With as many ranks as before it is the step itself. With others an epoch has other steps, so
  /// what is left of the course is stretched or compressed over what is left of the run.
  func scheduleStep(of step: Int) -> Int {
    let (left, of) = (scheduleSteps - position.scheduleStep, totalSteps - position.step)
    let done = step - position.step
    guard left != of else { return position.scheduleStep + done }
    return position.scheduleStep
      + Int((Double(done) * Double(left) / Double(max(of, 1))).rounded())
  }

  /// Where the run goes on when so many steps are done.
  func position(after steps: Int) -> RunPosition {
    RunPosition(
      place: course?.place(before: steps) ?? EpochCourse.Place(step: steps),
      scheduleStep: scheduleStep(of: steps), scheduleSteps: scheduleSteps)
  }
}
