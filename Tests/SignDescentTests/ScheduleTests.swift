import Foundation
import SignDescent
import Testing

@Suite struct ScheduleTests {
  private func near(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-12 * max(abs(a), abs(b)) }

  @Test func constant() {
    let schedule = Schedule(.constant)
    #expect((0..<7).allSatisfy { schedule.rate(at: $0, of: 7, base: 0.3) == 0.3 })
  }

  @Test func cosine_startsAtTheBaseAndEndsNearZero() {
    let schedule = Schedule(.cosine)
    #expect(schedule.rate(at: 0, of: 100, base: 2) == 2)
    #expect(near(schedule.rate(at: 50, of: 100, base: 2), 1))
    #expect(near(schedule.rate(at: 25, of: 100, base: 2), 1 + 0.5.squareRoot()))
    let last = schedule.rate(at: 99, of: 100, base: 2)
    #expect(last > 0 && last < 0.001)
  }

  @Test func step_fallsEverySoManySteps() {
    let schedule = Schedule(.step(factor: 0.5, steps: 3))
    let rates = (0..<8).map { schedule.rate(at: $0, of: 8, base: 8) }
    #expect(rates == [8, 8, 8, 4, 4, 4, 2, 2])
  }

  @Test func warmup_risesLinearlyOverTheRoundedUpShare() {
    // ⌈0.25 · 10⌉ = 3 steps.
    let schedule = Schedule(.constant, warmup: 0.25)
    let rates = (0..<5).map { schedule.rate(at: $0, of: 10, base: 3) }
    #expect(zip(rates, [1, 2, 3, 3, 3]).allSatisfy { near($0, $1) })
    let cosine = Schedule(.cosine, warmup: 0.25)
    #expect(near(cosine.rate(at: 3, of: 10, base: 3), 3))
    let done = Double(8 - 3) / 7
    #expect(
      near(cosine.rate(at: 8, of: 10, base: 3), 1.5 * (1 + cos(done * 3.14159265358979323846))))
    let step = Schedule(.step(factor: 0.1, steps: 2), warmup: 0.25)
    #expect(
      near(step.rate(at: 4, of: 10, base: 3), 3) && near(step.rate(at: 5, of: 10, base: 3), 0.3))
  }

  @Test func warmup_ofTheWholeRun_isFinite() {
    let schedule = Schedule(.cosine, warmup: 1)
    #expect((0..<4).map { schedule.rate(at: $0, of: 4, base: 4) } == [1, 2, 3, 4])
    #expect(schedule.rate(at: 4, of: 4, base: 4).isFinite)
  }

  @Test func paper_followsFromTheSteps() {
    let schedule = Schedule(.paper)
    #expect(near(schedule.rate(at: 5, of: 10_000, base: 2), 0.002))
    #expect(near(Schedule.paperMomentum(steps: 10_000), 0.99))
    #expect(Schedule.paperMomentum(steps: 1) == 0 && Schedule.paperMomentum(steps: 0) == 0)
    #expect(schedule.definesMomentum && !Schedule.standard.definesMomentum)
  }

  @Test func paper_withALipschitzHessian() {
    // 10^14 to the powers −5/7 and −4/7.
    let steps = 100_000_000_000_000
    let rate = Schedule(.paper).rate(at: 5, of: steps, base: 2, smoothness: .hessian)
    #expect(near(rate, 2e-10))
    let momentum = Schedule.paperMomentum(steps: 10_000_000, smoothness: .hessian)
    #expect(near(momentum, 1 - 1e-4))
    #expect(Schedule.paperMomentum(steps: 1, smoothness: .hessian) == 0)
    let cosine = Schedule(.cosine)
    #expect(
      cosine.rate(at: 3, of: 9, base: 2, smoothness: .hessian) == cosine.rate(at: 3, of: 9, base: 2)
    )
  }

  @Test(arguments: [
    ("constant", Schedule(.constant)), ("cosine", Schedule(.cosine)), ("paper", Schedule(.paper)),
    ("step:0.1:30", Schedule(.step(factor: 0.1, steps: 30))),
    ("warmup:0.02+cosine", Schedule.standard),
    ("warmup:0.5+constant", Schedule(.constant, warmup: 0.5)),
    ("warmup:1+step:1:1", Schedule(.step(factor: 1, steps: 1), warmup: 1)),
  ])
  func parsing_andBack(text: String, schedule: Schedule) throws {
    #expect(try Schedule(parsing: text) == schedule)
    #expect(try Schedule(parsing: schedule.description) == schedule)
  }

  @Test(arguments: [
    "", "Cosine", "cosine ", "constant:1", "step", "step:0.1", "step:0:3", "step:-1:3",
    "step:1.5:3", "step:nan:3", "step:0.1:0", "step:0.1:x", "step:0.1:3:4", "warmup:0.1",
    "warmup:+cosine", "warmup:-0.1+cosine", "warmup:1.1+cosine", "warmup:nan+cosine",
    "warmup:0.1+paper", "warmup:0.1+", "warmup:0.1+warmup:0.1+cosine",
  ])
  func parsing_refusesOtherTexts(text: String) {
    let error = #expect(throws: ScheduleError.self) { try Schedule(parsing: text) }
    #expect(error?.text == text)
    #expect(error?.description.contains("found '\(text)'") == true)
    #expect(error?.description.contains("\n") == false)
  }
}
