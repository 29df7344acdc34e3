internal import Foundation
internal import MediaIO
internal import PipelineCore

struct StudyPage {
  let settings: PictureSettings
  var curves: [LearningCurve] = []
  var growths: [FeatureGrowth] = []
  var pictures: StudyPictures?
  var runs: [PictureRun] = []

  init(settings: PictureSettings) { self.settings = settings }

  func write(to folder: URL) throws -> URL {
    folder.appendingPathComponent("README.md")
  }
}
