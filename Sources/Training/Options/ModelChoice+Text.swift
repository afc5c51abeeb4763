import Networks
import Objectives

extension ModelChoice: LosslessStringConvertible {
  /// The forms of the text, for help and error messages.
  public static var forms: String {
    "mlp, cnn, resnet20 (or another 6n + 2 layers), gpt, logistic, \(ClosedForm.forms), or layers "
      + "such as 'flatten, dense 64, relu, dense 10'"
  }

  /// The most layers with weights of a residual network.
  private static let maximumDepth = 6 * 1000 + 2

  /// Reads one of the `forms`.
  ///
  /// - Throws: `OptionError` that lists the forms, or names the text that is no layer.
  public init(parsing text: String) throws(OptionError) {
    switch text {
    case "mlp": self = .mlp
    case "cnn": self = .cnn
    case "gpt": self = .gpt
    case "logistic": self = .logistic
    case _ where text.contains { $0 == " " || $0 == "," }:
      do {
        self = .layers(try LayerList(parsing: text))
      } catch {
        throw OptionError("\(error)")
      }
    default:
      if let form = ClosedForm(text) {
        self = .closedForm(form)
      } else if text.hasPrefix("resnet"), let depth = Int(text.dropFirst(6)),
        depth % 6 == 2, (8...Self.maximumDepth).contains(depth)
      {
        self = .resnet(depth: depth)
      } else {
        throw OptionError("expected \(Self.forms): found '\(text)'")
      }
    }
  }

  /// Reads one of the `forms`; nil for anything else.
  public init?(_ text: String) { try? self.init(parsing: text) }

  /// The text that `init(parsing:)` reads.
  public var description: String {
    switch self {
    case .mlp: "mlp"
    case .cnn: "cnn"
    case .resnet(let depth): "resnet\(depth)"
    case .layers(let list): list.description
    case .gpt: "gpt"
    case .logistic: "logistic"
    case .closedForm(let form): form.description
    }
  }
}
