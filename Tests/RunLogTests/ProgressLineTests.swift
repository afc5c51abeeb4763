import Testing

@testable import RunLog

@Suite("Progress line")
struct ProgressLineTests {
  let line = ProgressLine(
    epoch: 2, epochs: 5, step: 300, steps: 1170, samplesPerSecond: 51_234.4, loss: 0.41237,
    accuracy: 0.8871, secondsLeft: 41.2, voteShare: 0.125)

  @Test func text_wholeLine() {
    #expect(
      line.text == "epoch 2/5  step 300/1170  loss 0.4124  accuracy 88.71 %  51234 samples/s  "
        + "0:42 left  vote 12 %")
  }

  @Test func text_withoutWhatIsUnknown() {
    var line = line
    (line.epochs, line.accuracy, line.secondsLeft, line.loss) = (nil, nil, nil, .nan)
    #expect(line.text == "epoch 2  step 300/1170  loss nan  51234 samples/s  vote 12 %")
  }

  @Test(arguments: 0...120)
  func terminalText_fitsAndBreaksBetweenParts(width: Int) {
    let text = line.terminalText(width: width)
    #expect(text.count <= width && line.text.hasPrefix(text))
    #expect(width < 9 ? text.count == width : width < 99 || text == line.text)
    if width >= 9, text != line.text {
      #expect(line.text.dropFirst(text.count).hasPrefix("  "))
    }
  }

  @Test(arguments: [
    (0.0, "0:00"), (6.2, "0:07"), (59.5, "1:00"), (599, "9:59"), (725, "12:05"),
    (3599.5, "1:00:00"), (10_929, "3:02:09"), (360_000, "100:00:00"), (-1, "?"), (.nan, "?"),
    (.infinity, "?"),
  ])
  func clock(seconds: Double, text: String) {
    #expect(ProgressLine.clock(seconds) == text)
  }
}
